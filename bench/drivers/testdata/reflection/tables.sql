CREATE SCHEMA shop;
CREATE TABLE shop.customers (
    id bigint PRIMARY KEY,
    name varchar(40) NOT NULL,
    code char(3) DEFAULT 'abc',
    email text CONSTRAINT one_email UNIQUE,
    born date,
    balance numeric(12, 2) DEFAULT 0.00,
    rating real CHECK (rating >= 0),
    active boolean DEFAULT true NOT NULL,
    joined timestamptz DEFAULT now()
);
CREATE TABLE shop.order_items (
    order_id integer NOT NULL,
    position smallint NOT NULL,
    product text,
    price double precision,
    tags text[],
    extra jsonb,
    CONSTRAINT order_items_key PRIMARY KEY (position, order_id),
    CONSTRAINT priced CHECK (price > 0 AND product IS NOT NULL)
);
CREATE TABLE shop.events (
    id integer GENERATED ALWAYS AS IDENTITY,
    number serial,
    at timestamp(3) NOT NULL,
    kind uuid,
    payload bytea,
    span interval,
    clock time,
    doubled integer GENERATED ALWAYS AS (1 + 1) STORED
);
CREATE TABLE shop."Odd Name" ("Group" integer PRIMARY KEY, "select" text, "a""b" integer);
CREATE INDEX items_by_product ON shop.order_items (product);
CREATE INDEX items_by_two ON shop.order_items (product, order_id);
CREATE VIEW shop.active_customers AS SELECT id, name FROM shop.customers WHERE active;
CREATE SEQUENCE shop.numbers START 100 INCREMENT 5;
COMMENT ON TABLE shop.customers IS 'Who buys';
COMMENT ON COLUMN shop.customers.name IS 'As it stands on letters';
