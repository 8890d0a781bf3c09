-- bench/compare: the tables of somebody who does the job with SQL and cron. Times are local.

CREATE TABLE person (
    id text COLLATE "C" PRIMARY KEY,
    due_on date NOT NULL,
    status "char" NOT NULL DEFAULT 'a', -- active, grace, suspended
    kind smallint NOT NULL DEFAULT 1,   -- the next deadline: 1 to 3 reminders, 4 grace, 5 suspension, 6 none
    next_at timestamp                   -- when it falls
) WITH (fillfactor = 85);
CREATE INDEX person_next ON person (next_at);

CREATE TABLE event (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamp NOT NULL,
    person text COLLATE "C" NOT NULL,
    type text NOT NULL,
    due_on date,
    certified_on date,
    channel text,
    ref text
);

CREATE FUNCTION deadline(due date, kind int) RETURNS timestamp IMMUTABLE LANGUAGE sql RETURN
    CASE WHEN kind <= 3 THEN date_trunc('month', due::timestamp) + make_interval(months => kind - 3, hours => 9)
         WHEN kind = 4 THEN (due + 1)::timestamp
         WHEN kind = 5 THEN (due + 16)::timestamp END;
