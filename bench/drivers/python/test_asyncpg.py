"""asyncpg as its users run it: pools, its cache of statements, cursors, COPY, and advisory locks of two connections."""

import asyncio
import os

import asyncpg

DSN = os.environ["AEGIS_PG_URL"]


async def pools():
    async with asyncpg.create_pool(DSN, min_size=1, max_size=2) as pool:
        got = await asyncio.gather(*[pool.fetchval("SELECT $1::int * 2", i) for i in range(10)])
        assert got == [2 * i for i in range(10)], got
        async with pool.acquire() as c:
            await c.execute("SET application_name = 'kept'; SELECT pg_advisory_lock(9)")
        async with pool.acquire() as c:  # the same one, reset
            assert await c.fetchval("SHOW application_name") != "kept"
            assert not await c.fetchval("SELECT pg_advisory_unlock(9)")


async def statements(c):
    await c.execute("CREATE TABLE shapes (id int PRIMARY KEY, name text, sizes int[])")
    await c.executemany("INSERT INTO shapes VALUES ($1, $2, $3)", [(i, f"s{i}", [i, None]) for i in range(10)])
    assert await c.copy_records_to_table("shapes", records=[(i, None, []) for i in range(10, 20)]) == "COPY 10"
    assert await c.fetch("SELECT id FROM shapes WHERE id = any($1::int[]) ORDER BY id", [3, 1]) == [(1,), (3,)]
    assert len(await c.fetchrow("SELECT * FROM shapes WHERE id = 1")) == 3
    await c.execute("ALTER TABLE shapes ADD COLUMN area float8")
    assert len(await c.fetchrow("SELECT * FROM shapes WHERE id = 1")) == 4  # its cache learns that the statement is stale
    async with c.transaction():
        k = await c.cursor("SELECT id FROM shapes ORDER BY id")
        assert await k.forward(2) == 2
        assert await k.fetch(3) == [(2,), (3,), (4,)]
        assert await k.forward(5) == 5
        assert await k.fetchrow() == (10,)


async def locks(a, b):
    assert await a.fetchval("SELECT pg_try_advisory_lock(1)")
    assert not await b.fetchval("SELECT pg_try_advisory_lock(1)")
    assert not await b.fetchval("SELECT pg_try_advisory_lock_shared(1)")
    assert await b.fetchval("SELECT pg_try_advisory_lock(0, 1)")  # a pair is another lock
    assert await a.fetchval("SELECT pg_try_advisory_lock(1)")  # once more
    assert await a.fetchval("SELECT pg_advisory_unlock(1)")
    assert not await b.fetchval("SELECT pg_try_advisory_lock(1)")

    waiting = asyncio.create_task(b.fetchval("SELECT pg_advisory_lock(1)"))
    pid = b.get_server_pid()
    while not await a.fetchval("SELECT pg_blocking_pids($1)", pid):
        await asyncio.sleep(0.01)
    assert await a.fetchval("SELECT pg_blocking_pids($1)", pid) == [a.get_server_pid()]
    assert await a.fetchval("SELECT pg_advisory_unlock(1)")
    await waiting
    assert not await a.fetchval("SELECT pg_advisory_unlock(1)")
    await b.execute("SELECT pg_advisory_unlock_all()")

    async with a.transaction():  # of the transaction, and of its savepoint
        await a.execute("SELECT pg_advisory_xact_lock_shared(2)")
        assert await b.fetchval("SELECT pg_try_advisory_xact_lock_shared(2)")
        assert not await b.fetchval("SELECT pg_try_advisory_xact_lock(2)")
        try:
            async with a.transaction():
                await a.execute("SELECT pg_advisory_xact_lock(3)")
                assert not await b.fetchval("SELECT pg_try_advisory_lock(3)")
                raise KeyError
        except KeyError:
            pass
        assert await b.fetchval("SELECT pg_try_advisory_lock(3)")
    assert await b.fetchval("SELECT pg_try_advisory_lock(2)")

    try:
        await a.execute("SET lock_timeout = '50ms'")
        await a.fetchval("SELECT pg_advisory_lock(2)")
        raise AssertionError("it waited for ever")
    except asyncpg.LockNotAvailableError as e:
        assert str(e) == "canceling statement due to lock timeout", e
    await a.execute("RESET lock_timeout; SELECT pg_advisory_lock(4)")

    waiting = asyncio.create_task(b.fetchval("SELECT pg_advisory_lock(4)"))
    while not await a.fetchval("SELECT pg_blocking_pids($1)", pid):
        await asyncio.sleep(0.01)
    circle = asyncio.create_task(a.fetchval("SELECT pg_advisory_lock(2)"))
    done, _ = await asyncio.wait({circle, waiting}, return_when=asyncio.FIRST_COMPLETED)
    assert len(done) == 1 and isinstance(done.pop().exception(), asyncpg.DeadlockDetectedError)
    if circle.done():  # which of the two is refused is not said
        await a.execute("SELECT pg_advisory_unlock_all()")
    else:
        await b.execute("SELECT pg_advisory_unlock_all()")
    await asyncio.wait({circle, waiting})


async def main():
    await pools()
    a, b = await asyncpg.connect(DSN), await asyncpg.connect(DSN)
    await statements(a)
    await asyncio.wait_for(locks(a, b), 60)
    await a.close()
    await b.close()


asyncio.run(main())
