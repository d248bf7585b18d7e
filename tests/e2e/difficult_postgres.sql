-- A schema of real difficulty on PostgreSQL: cycles of keys, every type that services use, names that need quoting.
CREATE EXTENSION IF NOT EXISTS pgcrypto;
CREATE SCHEMA "Odd schema";
CREATE TYPE mood AS ENUM ('glad', 'sad');
CREATE TABLE "user" (
  id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
  "Given name" text NOT NULL,
  team integer,
  is_active boolean NOT NULL DEFAULT true,
  settings jsonb,
  raw json,
  born date,
  seen timestamptz,
  wall timestamp,
  balance numeric(20, 6),
  share double precision,
  photo bytea,
  tags text[],
  feeling mood
);
CREATE TABLE team (id serial PRIMARY KEY, name varchar(80) UNIQUE, lead uuid REFERENCES "user" DEFERRABLE INITIALLY DEFERRED);
ALTER TABLE "user" ADD CONSTRAINT of_team FOREIGN KEY (team) REFERENCES team DEFERRABLE INITIALLY DEFERRED;
CREATE TABLE nobody (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, note text);
CREATE TABLE "Odd schema"."tab	and
line" (x integer);
CREATE TABLE event (
  id bigserial PRIMARY KEY, author uuid REFERENCES "user" ON DELETE CASCADE, body text, at timestamptz
);
CREATE INDEX ON event (at);
CREATE TABLE measured (at date NOT NULL, value real) PARTITION BY RANGE (at);
CREATE TABLE measured_2025 PARTITION OF measured FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE MATERIALIZED VIEW names AS SELECT "Given name" FROM "user" WITH NO DATA;
CREATE FUNCTION louder(text) RETURNS text LANGUAGE sql IMMUTABLE AS 'SELECT upper($1)';
CREATE VIEW loud AS SELECT louder("Given name") FROM "user";
BEGIN;
INSERT INTO team (id, name, lead) VALUES (7, E'r\u00E9d \U0001F600', '00000000-0000-0000-0000-000000000001');
INSERT INTO "user" VALUES (
  '00000000-0000-0000-0000-000000000001', E'tab\there \\ and \u00FC', 7, false, '{"a": [1, null, "\u00e9"]}', '{ "b" : 1.0 }',
  '2024-02-29', '2024-03-31 02:30:00.123456+02', '2024-03-31 02:30:00', 12345678901234.123456, 'NaN', '\x00ff10', '{a,"b c",NULL}', 'sad'
);
INSERT INTO "user" ("Given name") VALUES ('');
COMMIT;
INSERT INTO "Odd schema"."tab	and
line" VALUES (1), (2), (3);
INSERT INTO measured SELECT '2025-01-01'::date + i % 365, i / 3.0 FROM generate_series(1, 1000) AS i;
INSERT INTO event (author, body, at)
SELECT '00000000-0000-0000-0000-000000000001', md5(i::text), '2025-01-01Z'::timestamptz + i * interval '1 second'
FROM generate_series(1, 200000) AS i;
SELECT setval('team_id_seq', 4711);
SELECT lo_from_bytea(0, '\x010203');
