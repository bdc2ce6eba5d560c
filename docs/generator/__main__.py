"""`python -m docs.generator [FOLDER]`: make the documentation site in `site/`, or in the folder
named.
"""

from __future__ import annotations

import sys
from pathlib import Path

from docs.generator.making import ROOT, SiteError, make

if __name__ == "__main__":
    out = Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "site"
    try:
        make(out)
    except SiteError as error:
        sys.exit(f"The site was not made:\n{error}")
    print(f"The documentation is in {out / 'index.html'}")
