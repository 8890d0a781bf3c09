-- bench/compare: graphile-worker's user has a table of people and one of events, and a job for everybody's next
-- deadline, whose key is the person's id. The queue knows no other present than now(): instants are moved so that the
-- end of the time that passes is the moment at which this file is read.

CREATE TABLE person (
    id text COLLATE "C" PRIMARY KEY,
    due_on date NOT NULL,
    status "char" NOT NULL DEFAULT 'a' -- active, grace, suspended
) WITH (fillfactor = 85);

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

SET timezone = 'UTC';
SELECT now()::timestamp AS ended \gset
CREATE FUNCTION moved(at timestamp) RETURNS timestamptz IMMUTABLE LANGUAGE sql RETURN
    (at - timestamp '2027-01-31 20:00' + timestamp :'ended') AT TIME ZONE 'UTC';
CREATE FUNCTION moved_back(at timestamptz) RETURNS timestamp IMMUTABLE LANGUAGE sql RETURN
    (at AT TIME ZONE 'UTC') - timestamp :'ended' + timestamp '2027-01-31 20:00';

-- What the job of a deadline does: its event, the person's status, the job of the next.
CREATE FUNCTION deadline_due(person_id text, due date, k int) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event (at, person, type, due_on)
    VALUES (deadline(due, k), person_id,
            CASE k WHEN 4 THEN 'grace.started' WHEN 5 THEN 'benefit.suspended' ELSE 'reminder.due' END, due);
    IF k >= 4 THEN
        UPDATE person SET status = CASE k WHEN 4 THEN 'g' ELSE 's' END WHERE id = person_id;
    END IF;
    IF k < 5 THEN
        PERFORM graphile_worker.add_job('deadline', json_build_object('id', person_id, 'due', due, 'kind', k + 1),
                                        run_at => moved(deadline(due, k + 1)), job_key => person_id);
    END IF;
END $$;
