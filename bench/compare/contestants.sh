# The contestants of bench/compare: how each is started, and what does which phase. To be sourced by run.sh.
# shellcheck shell=sh disable=SC2034,SC2154 # variables are shared with run.sh
#
# For each NAME: NAME_prepare makes its folder; NAME_start starts it, in the background, and sets `server`; NAME_schema
# comes once it answers NAME_answers; NAME_phase PHASE does one of enrol, certify-batched, certify-single, due-before,
# sweep, due-after, await; NAME_settings tells how it was set. Its files lie in $folder, what it stores in $folder/data.

contestants='lifecertd postgresql redis beanstalkd bullmq graphile-worker'

# client PROGRAM PHASE
client() {
    "$bin/bench/compare/$1" "$2" "$folder" "$people"
}

# --- lifecertd ---

lifecertd_conf() {
    cat <<END
store  = "dir:$folder/data"
listen = { "unix:$folder/api.sock" }
clock  = "$1"
brake_limit = "off"
channel "face" {}
channel "data-match" {}
policy "national" {}
END
}

# The clock begins fifty years before, and takes a second and a half for them: by then a stream holds it where it should
# stand.
lifecertd_prepare() {
    lifecertd_conf '1976-05-20T10:00:00+08:00 x1000000000' >"$folder/lifecertd.conf"
    lifecertd_ctl init >/dev/null
    inputs enrol >"$folder/enrol.ndjson"
    inputs certify >"$folder/certify.ndjson"
}

lifecertd_ctl() {
    "$bin/lifecertctl" -c "$folder/lifecertd.conf" "$@"
}

lifecertd_start() {
    rm -f "$folder/api.sock"
    "$bin/lifecertd" -c "$folder/lifecertd.conf" 2>>"$folder/log" &
    server=$!
}

lifecertd_answers() {
    [ -S "$folder/api.sock" ]
}

lifecertd_schema() {
    client lifecertd hold
}

# import FILE ROW N
lifecertd_import() {
    begin=$(now)
    lifecertd_ctl import "$folder/$1" 2>"$folder/import.log" >&2 || { cat "$folder/import.log" >&2; return 1; }
    awk -v row="$2" -v n="$3" -v a="$begin" -v b="$(now)" 'BEGIN { printf "row\t%s\t%.6g\n", row, n / (b - a) }'
}

lifecertd_phase() {
    case $1 in
    enrol) lifecertd_import enrol.ndjson enrol "$people" ;;
    certify-batched) lifecertd_import certify.ndjson certify-batched "$(wc -l <"$folder/certify.ndjson")" ;;
    *) client lifecertd "$1" ;;
    esac
}

# Where nobody holds the clock, it must not run away.
lifecertd_before_restart() {
    lifecertd_conf '1976-05-20T10:00:00+08:00 x1' >"$folder/lifecertd.conf"
}

lifecertd_settings() {
    cat <<END
lifecertd: the daemon as it is, with rules, a sealed log, contacts (name and phone) and its HTTP interface over a
Unix socket; enrolled, and certified in batches, by lifecertctl import
END
}

# --- PostgreSQL, and graphile-worker on one ---

postgres_bin=/usr/lib/postgresql/15/bin

# It refuses to be root. Words before its commands, and no function: what is started must be the shell's own child, or
# nobody would take leave of it when it is killed, and its number would stay taken.
as_postgres=
[ "$(id -u)" -ne 0 ] || as_postgres='setpriv --reuid=postgres --regid=postgres --clear-groups'

# A quarter of the memory, and no more than 4 GB.
postgresql_buffers() {
    awk '/^MemTotal:/ { mb = int($2 / 4096); print (mb > 4096 ? 4096 : mb) "MB" }' /proc/meminfo
}

postgresql_prepare() {
    [ "$(id -u)" -ne 0 ] || chown postgres "$folder"
    # shellcheck disable=SC2086 # words
    $as_postgres "$postgres_bin/initdb" -D "$folder/data" -A trust -U compare --no-sync -E UTF8 --locale=C.UTF-8 \
        >"$folder/initdb.log"
    cat >>"$folder/data/postgresql.conf" <<END
listen_addresses = ''
unix_socket_directories = '$folder'
max_connections = 120
shared_buffers = '$(postgresql_buffers)'
fsync = on
synchronous_commit = on
full_page_writes = on
wal_compression = lz4
max_wal_size = '8GB'
checkpoint_timeout = '15min'
checkpoint_completion_target = 0.9
random_page_cost = 1.1
work_mem = '64MB'
jit = off
END
}

postgresql_start() {
    # shellcheck disable=SC2086 # words
    $as_postgres "$postgres_bin/postgres" -D "$folder/data" >>"$folder/log" 2>&1 &
    server=$!
}

postgresql_answers() {
    psql -h "$folder" -U compare -d postgres -c 'SELECT 1' >/dev/null 2>&1
}

psql_compare() {
    psql -q -v ON_ERROR_STOP=1 -h "$folder" -U compare -d compare "$@" >/dev/null
}

postgresql_database() {
    psql -q -h "$folder" -U compare -d postgres -c 'CREATE DATABASE compare'
    psql_compare -c 'CREATE EXTENSION pg_buffercache'
}

postgresql_schema() {
    postgresql_database
    psql_compare -f bench/compare/postgres.sql
}

postgresql_phase() {
    export COMPARE_SESSION=bench/compare/postgres_session.sql
    case $1 in
    enrol)
        client postgres enrol && psql_compare -c 'VACUUM ANALYZE'
        ;;
    *) client postgres "$1" ;;
    esac
}

# What backends took of the shared buffers shows in no process that is still there.
postgresql_memory() {
    private=$(rollup 'Pss_Anon|Pss_File')
    psql -q -At -h "$folder" -U compare -d compare \
        -c "SELECT $private + 8192 * count(*) FROM pg_buffercache WHERE relfilenode IS NOT NULL"
}

postgresql_settings() {
    cat <<END
PostgreSQL $("$postgres_bin/postgres" --version | awk '{ print $3 }'): fsync, synchronous_commit and
full_page_writes on, shared_buffers $(postgresql_buffers), wal_compression lz4, max_wal_size 8 GB, checkpoint_timeout
15 min; libpq over a Unix socket; COPY to enrol; prepared statements; batches of 1,000 by an UPDATE ... FROM unnest()
over two connections; the sweep once a day, one UPDATE ... RETURNING into the table of events
END
}

graphile_worker_prepare() { postgresql_prepare; }
graphile_worker_start() { postgresql_start; }
graphile_worker_answers() { postgresql_answers; }
graphile_worker_memory() { postgresql_memory; }

graphile_worker_schema() {
    postgresql_database
    at="postgres://compare@/compare?host=$folder"
    (cd "$npm" && npx --no-install graphile-worker -c "$at" --schema-only) >"$folder/schema.log" 2>&1
    psql_compare -f bench/compare/graphile.sql
}

graphile_worker_phase() {
    export COMPARE_SESSION=bench/compare/graphile_session.sql
    case $1 in
    enrol)
        client postgres enrol-many && psql_compare -c 'VACUUM ANALYZE'
        ;;
    sweep)
        node "$npm/graphile.mjs" "$folder" "$events" && client postgres swept
        ;;
    *) client postgres "$1" ;;
    esac
}

graphile_worker_settings() {
    cat <<END
graphile-worker 0.16.6 on a PostgreSQL set as that one: a job for each person with the id for its key, a table of
people and one of events; jobs put by add_job() and add_jobs() from libpq; one process of workers, concurrency 32,
LISTEN and NOTIFY
END
}

# --- Redis, and BullMQ on one ---

redis_prepare() {
    mkdir "$folder/data"
}

redis_start() {
    redis-server --port 0 --unixsocket "$folder/redis.sock" --dir "$folder/data" --appendonly yes --appendfsync always \
        --save '' --maxmemory-policy noeviction --daemonize no >>"$folder/log" 2>&1 &
    server=$!
}

redis_answers() {
    [ "$(redis-cli -s "$folder/redis.sock" ping 2>/dev/null)" = PONG ]
}

redis_schema() {
    COMPARE_FUNCTIONS=bench/compare/redis.lua client redis load
}

redis_phase() {
    client redis "$1"
}

redis_settings() {
    cat <<END
Redis $(redis-server --version | sed 's/.*v=\([^ ]*\).*/\1/'): appendonly with appendfsync always, no snapshots;
hiredis over a Unix socket; a hash a person, a sorted set of deadlines, a stream of events, by functions in Lua: 1,000
people a call in batches, four calls on their way; 1,000 deadlines a call in the sweep, pipelined
END
}

bullmq_prepare() { redis_prepare; }
bullmq_start() { redis_start; }
bullmq_answers() { redis_answers; }

# By how many milliseconds the time that passes must be moved to end now.
bullmq_schema() {
    COMPARE_MOVED=$((($(date +%s) - 1801396800) * 1000))
    export COMPARE_MOVED
}

bullmq_node() {
    node "$npm/bullmq.mjs" "$1" "$folder/redis.sock" "$COMPARE_MOVED" "$events"
}

bullmq_phase() {
    case $1 in
    enrol) inputs list-enrol | bullmq_node enrol ;;
    certify-batched) inputs list-batched | bullmq_node certify-batched ;;
    certify-single) inputs list-single | bullmq_node certify-single ;;
    sweep) bullmq_node sweep </dev/null ;;
    *) client redis "bullmq-$1" ;;
    esac
}

bullmq_settings() {
    cat <<END
BullMQ 5.81.5 on a Redis set as that one: a delayed job for each person with the id for its own, addBulk() of 1,000; a
certification is remove() and add(), and an entry of a stream; one process of workers, concurrency 100,
moveToDelayed() to the next deadline; lists by ZCOUNT and ZRANGEBYSCORE on its own key
END
}

# --- beanstalkd ---

beanstalkd_prepare() {
    mkdir "$folder/data"
}

beanstalkd_start() {
    rm -f "$folder/beanstalkd.sock"
    beanstalkd -b "$folder/data" -f0 -l "unix:$folder/beanstalkd.sock" >>"$folder/log" 2>&1 &
    server=$!
}

beanstalkd_answers() {
    [ -S "$folder/beanstalkd.sock" ]
}

beanstalkd_schema() { :; }

beanstalkd_phase() {
    client beanstalkd "$1"
}

beanstalkd_settings() {
    cat <<END
beanstalkd $(beanstalkd -v | awk '{ print $2 }'): -b with -f0, a sync for each change; a delayed job for each person in
the tube of the status; a certification is a put of the event, a put of the new job and a delete of the old one, 50
people a write in batches; 64 workers
END
}
