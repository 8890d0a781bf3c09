-- bench/compare: what every connection prepares. Parameters of certify: id, due_on, next_at, certified_on, channel,
-- ref.

PREPARE enrol_many (text[], date[], timestamp[]) AS
    WITH c AS (
        SELECT * FROM unnest($1, $2, $3) AS c (id, due_on, next_at)
    ), p AS (
        INSERT INTO person (id, due_on) SELECT id, due_on FROM c RETURNING 1
    ), j AS (
        SELECT * FROM graphile_worker.add_jobs(ARRAY(
            SELECT ('deadline', json_build_object('id', id, 'due', due_on, 'kind', 1), NULL, moved(next_at), NULL, id,
                    NULL, NULL)::graphile_worker.job_spec FROM c))
    ) SELECT count(*) FROM j;

PREPARE certify (text, date, timestamp, date, text, text) AS
    WITH p AS (
        UPDATE person SET due_on = $2, status = 'a' WHERE id = $1 RETURNING id, due_on
    ), e AS (
        INSERT INTO event (at, person, type, due_on, certified_on, channel, ref)
        SELECT timestamp '2026-05-20 10:00', id, 'certification.accepted', due_on, $4, $5, $6 FROM p
        RETURNING person, due_on
    ), j AS (
        SELECT graphile_worker.add_job('deadline', json_build_object('id', person, 'due', due_on, 'kind', 1),
                                       run_at => moved($3), job_key => person) FROM e
    ) SELECT count(*) FROM j;

PREPARE certify_many (text[], date[], timestamp[], date[], text[], text[]) AS
    WITH c AS (
        SELECT * FROM unnest($1, $2, $3, $4, $5, $6) AS c (id, due_on, next_at, certified_on, channel, ref)
    ), p AS (
        UPDATE person SET due_on = c.due_on, status = 'a' FROM c WHERE person.id = c.id RETURNING c.*
    ), e AS (
        INSERT INTO event (at, person, type, due_on, certified_on, channel, ref)
        SELECT timestamp '2026-05-20 10:00', id, 'certification.accepted', due_on, certified_on, channel, ref FROM p
    ), j AS (
        SELECT * FROM graphile_worker.add_jobs(ARRAY(
            SELECT ('deadline', json_build_object('id', id, 'due', due_on, 'kind', 1), NULL, moved(next_at), NULL, id,
                    NULL, NULL)::graphile_worker.job_spec FROM p))
    ) SELECT count(*) FROM j;

PREPARE due_counts (date, date) AS
    SELECT moved_back(run_at)::date, count(*) FROM graphile_worker._private_jobs
    WHERE run_at >= moved($1::timestamp) AND run_at < moved($2 + interval '1 day')
    GROUP BY 1 ORDER BY 1;

PREPARE due_ids (date) AS
    SELECT key FROM graphile_worker._private_jobs
    WHERE run_at >= moved($1::timestamp) AND run_at < moved($1 + interval '1 day');

PREPARE statuses AS
    SELECT count(*) FILTER (WHERE status = 'a'), count(*) FILTER (WHERE status = 'g'),
           count(*) FILTER (WHERE status = 's')
    FROM person;

PREPARE events AS
    SELECT count(*) FROM event WHERE type <> 'certification.accepted';
