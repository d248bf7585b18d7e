-- One of each kind of object that can have an owner, made by the role that gives them up.
CREATE SCHEMA "Side-Ways";
CREATE TYPE mood AS ENUM ('sad', 'ok');
CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
CREATE TYPE pair AS (first integer, second text);
CREATE TYPE spans AS RANGE (subtype = float8, multirange_type_name = many_spans);
CREATE SEQUENCE free_numbers;
CREATE COLLATION by_bytes FROM "C";
CREATE TEXT SEARCH DICTIONARY plain (TEMPLATE = simple);
CREATE TEXT SEARCH CONFIGURATION words (COPY = simple);

CREATE TABLE users (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  email citext UNIQUE,
  feelings mood[],
  age positive,
  mixed pair,
  sizes spans
);
CREATE TABLE sessions (id serial PRIMARY KEY, user_id bigint REFERENCES users ON DELETE CASCADE, token text);
CREATE TABLE events (at date NOT NULL, what text) PARTITION BY RANGE (at);
CREATE TABLE "events Of 2026" PARTITION OF events FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
CREATE TABLE heirs () INHERITS (sessions);
CREATE TABLE "Side-Ways"."Odd "" name" (n integer DEFAULT nextval('free_numbers'));
CREATE STATISTICS of_users (dependencies) ON id, age FROM users;

CREATE VIEW known AS SELECT id, email FROM users;
CREATE VIEW known_again AS SELECT email FROM known;
CREATE MATERIALIZED VIEW counted AS SELECT count(*) AS n FROM users;

CREATE FUNCTION twice(integer) RETURNS integer LANGUAGE sql RETURN $1 * 2;
CREATE FUNCTION twice(text, VARIADIC text[]) RETURNS text LANGUAGE sql RETURN $1 || $1;
CREATE PROCEDURE tidy(IN days integer, OUT removed integer) LANGUAGE sql AS 'SELECT days';
CREATE AGGREGATE total(integer) (SFUNC = int4pl, STYPE = integer, INITCOND = '0');
CREATE AGGREGATE total(integer ORDER BY integer) (SFUNC = int4pl, STYPE = integer);
CREATE FUNCTION touched() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER touched BEFORE INSERT ON users FOR EACH ROW EXECUTE FUNCTION touched();
CREATE OPERATOR <<<>>> (FUNCTION = int4pl, LEFTARG = integer, RIGHTARG = integer);

ALTER TABLE sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY nobody ON sessions USING (false);

INSERT INTO users (email, feelings, age, mixed, sizes) VALUES ('A@x', '{ok}', 7, '(1,a)', '[1,2)');
INSERT INTO sessions (user_id, token) VALUES (1, 'of the first');
INSERT INTO events VALUES ('2026-05-01', 'began');
INSERT INTO "Side-Ways"."Odd "" name" DEFAULT VALUES;
SELECT lo_from_bytea(4711, 'kept');
