"""The oracle: the curated figures worked out a second time, plainly, from the landed files.

Belongs here: reading the made-up returns with pandas and reckoning figures by the definitions
(indicators, DfE's and Ofsted's meanings). It shares data with the product (code lists, the
authorities' register, the region's file) and no code: no SQL model, no door, no contract. It
reads only what the made-up returns contain, so it is no second door. Estimates are worked out by
the estimator in numpy (tests/sql/estimator.py), which is written from the method's description.
"""
