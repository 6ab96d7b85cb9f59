-- What DBeaver asks while it connects, opens a database, a schema and a table, and searches: every kind of statement of its PostgreSQL plugin that
-- reads the system catalogs, with values in place of parameters.

SELECT version();
SELECT current_database();
SELECT current_schema(), session_user;
SHOW search_path;
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE 1 = 1 AND datallowconn AND NOT datistemplate ORDER BY db.datname;
SELECT db.oid, db.* FROM pg_catalog.pg_database db WHERE datname = 'postgres';
SELECT db.datname FROM pg_catalog.pg_database db WHERE datistemplate;
SELECT db.datname, pg_database_size(db.oid) FROM pg_catalog.pg_database db WHERE db.datname = 'postgres';
SELECT description FROM pg_shdescription JOIN pg_database ON objoid = pg_database.oid WHERE datname = 'postgres';
SELECT * FROM pg_catalog.pg_settings;
SELECT * FROM pg_catalog.pg_settings WHERE name = 'standard_conforming_strings';
SELECT typcategory FROM pg_catalog.pg_type WHERE 1 <> 1 LIMIT 1;
SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name, d.description FROM pg_catalog.pg_type t
  LEFT OUTER JOIN pg_catalog.pg_type et ON et.oid = t.typelem LEFT OUTER JOIN pg_catalog.pg_class c ON c.oid = t.typrelid
  LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid
  WHERE t.typname IS NOT NULL AND (c.relkind IS NULL OR c.relkind = 'c') AND (et.typcategory IS NULL OR et.typcategory <> 'C') AND t.typnamespace = 11;
SELECT t.oid, t.*, c.relkind, format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name FROM pg_catalog.pg_type t
  LEFT OUTER JOIN pg_class c ON c.oid = t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid WHERE t.oid = 23;
SELECT t.oid, t.*, format_type(nullif(t.typbasetype, 0), t.typtypmod) AS base_type_name FROM pg_catalog.pg_type t
  LEFT OUTER JOIN pg_class c ON c.oid = t.typrelid LEFT OUTER JOIN pg_catalog.pg_description d ON t.oid = d.objoid WHERE t.typname = 'int4';
SELECT a.oid, a.*, pd.description FROM pg_catalog.pg_roles a LEFT JOIN pg_catalog.pg_shdescription pd ON a.oid = pd.objoid ORDER BY a.rolname;
SELECT am.oid, am.* FROM pg_catalog.pg_am am ORDER BY am.oid;
SELECT c.contoencoding AS encid, pg_catalog.pg_encoding_to_char(c.contoencoding) AS encname FROM pg_catalog.pg_conversion c GROUP BY c.contoencoding ORDER BY 2;
SELECT c.oid, c.* FROM pg_catalog.pg_collation c ORDER BY c.oid;
SELECT l.oid, l.* FROM pg_catalog.pg_language l ORDER BY l.oid;
SELECT l.oid, l.*, p.pronamespace AS handler_schema_id FROM pg_catalog.pg_foreign_data_wrapper l LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = l.fdwhandler ORDER BY l.fdwname;
SELECT l.oid, l.* FROM pg_catalog.pg_foreign_server l ORDER BY l.srvname;
SELECT t.oid, t.*, pg_tablespace_location(t.oid) loc FROM pg_catalog.pg_tablespace t ORDER BY t.oid;
SELECT name, default_version, installed_version, comment FROM pg_catalog.pg_available_extensions ORDER BY name;
SELECT pet.*, d.description FROM pg_catalog.pg_event_trigger pet LEFT OUTER JOIN pg_catalog.pg_description d ON pet."oid" = d.objoid;
SELECT e.oid, cfg.tbls, n.nspname AS schema_name, e.* FROM pg_catalog.pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace
  LEFT JOIN (SELECT array_agg(ns.nspname || '.' || cls.relname) tbls, oid_ext FROM (SELECT unnest(e1.extconfig) oid, e1.oid oid_ext FROM pg_catalog.pg_extension e1) c
    JOIN pg_class cls ON cls.oid = c.oid JOIN pg_namespace ns ON ns.oid = cls.relnamespace GROUP BY oid_ext) cfg ON cfg.oid_ext = e.oid ORDER BY e.oid;
SELECT n.oid, n.*, d.description FROM pg_catalog.pg_namespace n
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = n.oid AND d.objsubid = 0 AND d.classoid = 'pg_namespace'::regclass ORDER BY nspname;
SELECT * FROM pg_catalog.pg_enum;
SELECT e.enumlabel FROM pg_catalog.pg_enum e WHERE e.enumtypid = 23 ORDER BY e.enumsortorder;
SELECT i.inhrelid relid, pc.relnamespace parent_ns, pc.oid parent_oid, i.inhseqno FROM pg_catalog.pg_inherits i, pg_class rc, pg_class pc
  WHERE rc.oid = i.inhrelid AND rc.relnamespace = 2200 AND pc.oid = i.inhparent;
SELECT c.oid, pg_catalog.pg_total_relation_size(c.oid) AS total_rel_size, pg_catalog.pg_relation_size(c.oid) AS rel_size FROM pg_class c WHERE c.relnamespace = 2200;
SELECT s.oid AS schema_id FROM pg_catalog.pg_namespace s WHERE s.nspname = 'public';
SELECT * FROM pg_default_acl WHERE defaclnamespace = 2200;
SELECT p.oid AS proc_oid, p.proname AS proc_name, a.* FROM pg_catalog.pg_aggregate a, pg_catalog.pg_proc p WHERE p.oid = a.aggfnoid AND p.pronamespace = 2200 ORDER BY p.proname;
SELECT c.oid, c.*, d.description, pg_catalog.pg_get_expr(c.relpartbound, c.oid) AS partition_expr, pg_catalog.pg_get_partkeydef(c.oid) AS partition_key FROM pg_catalog.pg_class c
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_class'::regclass
  WHERE c.relnamespace = 2200 AND c.relkind NOT IN ('i', 'I', 'c') AND relname = 't';
SELECT c.relname, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description, dep.objid FROM pg_catalog.pg_attribute a
  INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
  LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid)
  LEFT OUTER JOIN pg_depend dep ON dep.refobjid = a.attrelid AND dep.deptype = 'i' AND dep.refobjsubid = a.attnum AND dep.classid = dep.refclassid
  WHERE NOT a.attisdropped AND c.relkind NOT IN ('i', 'I', 'c') AND c.relnamespace = 2200 ORDER BY a.attnum;
SELECT c.oid, c.*, t.relname AS tabrelname, rt.relnamespace AS refnamespace, d.description,
  CASE WHEN c.contype = 'c' THEN "substring"(pg_get_constraintdef(c.oid), 7) ELSE NULL END consrc_copy FROM pg_catalog.pg_constraint c
  INNER JOIN pg_catalog.pg_class t ON t.oid = c.conrelid LEFT OUTER JOIN pg_catalog.pg_class rt ON rt.oid = c.confrelid
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = c.oid AND d.objsubid = 0 AND d.classoid = 'pg_constraint'::regclass WHERE t.relnamespace = 2200 ORDER BY c.oid;
SELECT i.*, i.indkey AS keys, c.relname, c.relnamespace, c.relam, c.reltablespace, tc.relname AS tabrelname, dsc.description, pg_catalog.pg_get_expr(i.indpred, i.indrelid) AS pred_expr,
  pg_catalog.pg_get_expr(i.indexprs, i.indrelid, true) AS expr, pg_catalog.pg_relation_size(i.indexrelid) AS index_rel_size, pg_catalog.pg_stat_get_numscans(i.indexrelid) AS index_num_scans
  FROM pg_catalog.pg_index i INNER JOIN pg_catalog.pg_class c ON c.oid = i.indexrelid INNER JOIN pg_catalog.pg_class tc ON tc.oid = i.indrelid
  LEFT OUTER JOIN pg_catalog.pg_description dsc ON i.indexrelid = dsc.objoid WHERE c.relnamespace = 2200 ORDER BY c.relname;
SELECT pg_catalog.pg_get_indexdef(indexrelid, 1, true) FROM pg_index LIMIT 1;
SELECT pg_catalog.pg_get_indexdef(indexrelid) FROM pg_index LIMIT 1;
SELECT p.oid AS poid, p.*, pg_catalog.pg_get_expr(p.proargdefaults, 0) AS arg_defaults, d.description FROM pg_catalog.pg_proc p
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = p.oid AND d.classoid = 'pg_proc'::regclass AND d.objsubid = 0 WHERE p.pronamespace = 2200 ORDER BY p.proname;
SELECT concat(c.conname, ' ', pg_catalog.pg_get_constraintdef(oid, true)) FROM pg_catalog.pg_constraint c WHERE contypid = 23;
SELECT c.relname, row_number() OVER (ORDER BY a.attnum) AS attnum, a.*, pg_catalog.pg_get_expr(ad.adbin, ad.adrelid, true) AS def_value, dsc.description FROM pg_catalog.pg_attribute a
  INNER JOIN pg_catalog.pg_class c ON (a.attrelid = c.oid) LEFT OUTER JOIN pg_catalog.pg_attrdef ad ON (a.attrelid = ad.adrelid AND a.attnum = ad.adnum)
  LEFT OUTER JOIN pg_catalog.pg_description dsc ON (c.oid = dsc.objoid AND a.attnum = dsc.objsubid) WHERE a.attnum > 0 AND NOT a.attisdropped AND c.oid = 't'::regclass ORDER BY a.attnum;
SELECT DISTINCT connamespace FROM pg_catalog.pg_constraint WHERE confrelid = 't'::regclass;
SELECT i.*, c.relnamespace FROM pg_catalog.pg_inherits i, pg_catalog.pg_class c WHERE i.inhrelid = 't'::regclass AND c.oid = i.inhparent ORDER BY i.inhseqno;
SELECT pg_get_expr(c.relpartbound, c.oid, true) AS partition_range FROM "pg_catalog".pg_class c WHERE relname = 't' AND relnamespace = 2200;
SELECT i.*, c.relnamespace FROM pg_catalog.pg_inherits i, pg_catalog.pg_class c WHERE i.inhparent = 't'::regclass AND c.oid = i.inhrelid;
SELECT * FROM pg_catalog.pg_policies WHERE schemaname = 'public' AND tablename = 't';
SELECT * FROM pg_catalog.pg_auth_members WHERE roleid = 10;
SELECT s.setconfig, pd.datname FROM pg_catalog.pg_db_role_setting s LEFT JOIN pg_catalog.pg_database pd ON s.setdatabase = pd.oid WHERE s.setrole = 10;
SELECT * FROM information_schema.table_privileges WHERE table_catalog = 'postgres' AND grantee = 'nobody';
SELECT * FROM information_schema.routine_privileges WHERE specific_catalog = 'postgres' AND grantee = 'nobody';
SELECT * FROM (SELECT DISTINCT relnamespace, relacl, relname, relkind, (aclexplode(relacl)).grantee AS granteeI FROM pg_class
    WHERE relacl IS NOT NULL AND relnamespace IN (SELECT oid FROM pg_namespace WHERE nspname NOT LIKE 'pg_%' AND nspname != 'information_schema')
  UNION ALL SELECT DISTINCT n.oid AS relnamespace, nspacl AS relacl, n.nspname AS relname, cast('C' AS "char") AS relkind, (aclexplode(nspacl)).grantee AS granteeI
    FROM pg_catalog.pg_namespace n WHERE n.nspacl IS NOT NULL) AS objs WHERE granteeI = 10;
SELECT DISTINCT g.* FROM (SELECT *, (aclexplode(defaclacl)).grantee AS grantee FROM pg_default_acl a WHERE a.defaclnamespace <> 0) AS g WHERE g.grantee = 10;
SELECT * FROM pg_catalog.pg_sequences WHERE schemaname = 'public' AND sequencename = 's';
SELECT sequence_name FROM information_schema.sequences WHERE sequence_schema = 'public';
SELECT x.oid, x.*, p.pronamespace AS func_schema_id, d.description FROM pg_catalog.pg_trigger x LEFT OUTER JOIN pg_catalog.pg_proc p ON p.oid = x.tgfoid
  LEFT OUTER JOIN pg_catalog.pg_description d ON d.objoid = x.oid AND d.objsubid = 0 WHERE x.tgrelid = 't'::regclass AND NOT x.tgisinternal;
SELECT r.oid, r.*, pg_get_ruledef(r.oid) AS definition FROM pg_rewrite r WHERE r.ev_class = 't'::regclass AND r.rulename <> '_RETURN';
SELECT pg_get_viewdef('t'::regclass, true);
SELECT definition FROM PG_CATALOG.PG_VIEWS WHERE SchemaName = 'public' AND ViewName = 'v';
SELECT trigger_name, event_object_table AS OWNER, event_manipulation, action_order, action_condition, action_statement, action_orientation FROM INFORMATION_SCHEMA.TRIGGERS
  WHERE event_object_schema = 'public';
SELECT pg_catalog.pg_relation_size('t'::regclass), pg_catalog.pg_total_relation_size('t'::regclass), pg_catalog.pg_stat_get_numscans('t'::regclass);
SELECT description FROM pg_catalog.pg_description WHERE objoid = 't'::regclass AND objsubid = 0;
SELECT sa.* FROM pg_catalog.pg_stat_activity sa;
SELECT DISTINCT dep.deptype, dep.classid, dep.objid, cl.relkind, attr.attname, pg_get_expr(ad.adbin, ad.adrelid) adefval FROM pg_depend dep
  LEFT JOIN pg_class cl ON dep.objid = cl.oid LEFT JOIN pg_attribute attr ON dep.objid = attr.attrelid AND dep.objsubid = attr.attnum
  LEFT JOIN pg_attrdef ad ON dep.objid = ad.oid WHERE dep.refobjid = 't'::regclass;
SELECT pc.oid, pc.relname, pc.relnamespace, pc.relkind FROM pg_catalog.pg_class pc WHERE pc.relkind IN ('r', 'v', 'm', 'f', 'p') AND pc.relname ILIKE '%t%' ORDER BY pc.relname LIMIT 100;
SELECT x.attrelid, x.attname, c.relnamespace FROM pg_catalog.pg_attribute x, pg_catalog.pg_class c WHERE c.oid = x.attrelid AND x.attname ILIKE '%a%' AND c.relnamespace IN (2200) LIMIT 10;
SELECT DISTINCT pp.oid, pp.* FROM pg_catalog.pg_proc pp WHERE pp.prokind <> 'm' AND pp.prokind <> 'a' AND pp.proname ILIKE '%nosuch%' LIMIT 10;
