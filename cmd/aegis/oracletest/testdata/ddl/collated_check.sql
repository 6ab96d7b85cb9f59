-- A check that orders by a collation, whose column becomes one that has none.
CREATE TABLE collated (a text, CHECK (a COLLATE "C" > '1'));
INSERT INTO collated VALUES ('2');
ALTER TABLE collated ALTER COLUMN a TYPE integer USING a::integer;
ALTER TABLE collated ALTER COLUMN a TYPE varchar(10);
INSERT INTO collated VALUES ('0');
SELECT * FROM collated;
CREATE TABLE numbers_collated (a integer, CHECK (a COLLATE "C" > 1));
CREATE VIEW collated_view AS SELECT a COLLATE "C" AS a FROM collated;
SELECT * FROM collated_view;
