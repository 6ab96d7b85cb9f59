"""What SQLAlchemy's inspector says of the database whose URL is the argument, headings and lines of JSON."""

import json
import sys

import sqlalchemy as sa


def plain(value):
    """Types and expressions as text, mappings in the order of their keys."""
    if isinstance(value, dict):
        return {str(k): plain(v) for k, v in sorted(value.items(), key=lambda kv: str(kv[0]))}
    if isinstance(value, (list, tuple)):
        return [plain(v) for v in value]
    if isinstance(value, (str, int, float, bool)) or value is None:
        return value
    return str(value)


def say(heading, value):
    print("##", heading)
    for row in value if isinstance(value, list) else [value]:
        print(json.dumps(plain(row)))


engine = sa.create_engine(sys.argv[1])
inspector = sa.inspect(engine)
say("tables", sorted(inspector.get_table_names(schema="shop")))
say("views", inspector.get_view_names(schema="shop"))
say("sequences", sorted(inspector.get_sequence_names(schema="shop")))
say("has", [inspector.has_table("customers", schema="shop"), inspector.has_table("nothing", schema="shop"), inspector.has_sequence("numbers", schema="shop")])
say("schemas", [s for s in inspector.get_schema_names() if s == "shop"])
for table in ["customers", "order_items", "events", "Odd Name"]:
    say(table + " columns", inspector.get_columns(table, schema="shop"))
    say(table + " key", inspector.get_pk_constraint(table, schema="shop"))
    say(table + " unique", inspector.get_unique_constraints(table, schema="shop"))
    say(table + " checks", inspector.get_check_constraints(table, schema="shop"))
    say(table + " indexes", inspector.get_indexes(table, schema="shop"))
    say(table + " foreign keys", inspector.get_foreign_keys(table, schema="shop"))
    say(table + " comment", inspector.get_table_comment(table, schema="shop"))
say("view columns", inspector.get_columns("active_customers", schema="shop"))
say("every column", inspector.get_multi_columns(schema="shop"))
metadata = sa.MetaData(schema="shop")
metadata.reflect(engine, views=True)
for name, table in sorted(metadata.tables.items()):
    say("reflected " + name, [(c.name, str(c.type), c.nullable, c.primary_key, c.autoincrement, str(c.server_default.arg) if hasattr(c.server_default, "arg") else None) for c in table.columns])
with engine.begin() as c:  # what was reflected can be used
    customers = metadata.tables["shop.customers"]
    c.execute(customers.insert(), [{"id": n, "name": f"n{n}", "email": f"{n}@x"} for n in range(3)])
    c.execute(customers.update().where(customers.c.id == 1).values(name="one"))
    say("rows", [list(r) for r in c.execute(sa.select(customers.c.id, customers.c.name, customers.c.balance, customers.c.code).order_by(customers.c.id))])
    say("returned", [list(r) for r in c.execute(customers.delete().where(customers.c.id < 5).returning(customers.c.id))])
