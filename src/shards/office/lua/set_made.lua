-- All shards of the set are made.
--
-- KEYS set
return redis.call('HSET', KEYS[1], 'making', '0')
