-- What the server counts and measures of whole tables is none of a reader's: rows inserted, deleted and living, pages, files, and what was written.
-- From them another authority's erasure, or the number of its children, could be told, and so could what another session is reading or writing. PostgreSQL lets everybody see them, so this takes them away
-- from PUBLIC, in this database: the views and functions of counters, sizes, locks and the log of changes, and of pg_class the columns that tell sizes.
-- Nor may a reader use up what all sessions share: the memory of locks (advisory locks fill it, and the pipeline stops), the log of changes (messages).
-- Only the server's administrator may do it: the pipeline does where it is a superuser; elsewhere `observatory status` says that it is to be run,
-- and it is to be run again after a restore. Run again it changes nothing. Who owns the database keeps what it plans by.
do $$
declare
    found record;
    shown text;
    owner text := (select d.datdba::regrole::text from pg_catalog.pg_database as d where d.datname = current_database());
begin
    for found in
        select c.oid::regclass::text as name
        from pg_catalog.pg_class as c
        where c.relnamespace = 'pg_catalog'::regnamespace and c.relkind = 'v' and c.relname ~ '^pg_(stat(io)?_|locks$)'
            and c.relname not in ('pg_stat_activity', 'pg_stat_ssl', 'pg_stat_gssapi')
            and has_any_column_privilege('public', c.oid, 'select')
    loop
        execute format('revoke all on %s from public', found.name);
    end loop;
    for found in
        select p.oid::regprocedure::text as name
        from pg_catalog.pg_proc as p
        where p.pronamespace = 'pg_catalog'::regnamespace
            and (
                (p.proname ~ '^pg_stat_get_' and p.proname <> 'pg_stat_get_activity')
                or p.proname ~ '^pg_((total_)?relation|table|indexes|database|tablespace)_size$'
                or p.proname ~ '^pg_((try_)?advisory_(xact_)?lock|lock_status$|logical_emit_message$)'
                or p.proname ~ '^pg_(relation_file(node|path)|filenode_relation|current_wal_.*|last_wal_.*|control_.*)$'
                or p.proname ~ '^pg_(get_wal_summarizer_state|available_wal_summaries|wal_summary_contents)$'
            )
            and has_function_privilege('public', p.oid, 'execute')
    loop
        execute format('revoke execute on function %s from public', found.name);
        execute format('grant execute on function %s to %s', found.name, owner);
    end loop;
    if has_column_privilege('public', 'pg_catalog.pg_class', 'reltuples', 'select') then
        select string_agg(quote_ident(a.attname), ', ' order by a.attnum) into shown
        from pg_catalog.pg_attribute as a
        where a.attrelid = 'pg_catalog.pg_class'::regclass and a.attnum > 0 and not a.attisdropped
            and a.attname not in ('reltuples', 'relpages', 'relallvisible', 'relallfrozen', 'relfilenode', 'relfrozenxid', 'relminmxid');
        revoke select on pg_catalog.pg_class from public;
        execute format('grant select (%s, tableoid, ctid) on pg_catalog.pg_class to public', shown);
    end if;
    execute format('grant select on pg_catalog.pg_class to %s', owner);
end $$;
