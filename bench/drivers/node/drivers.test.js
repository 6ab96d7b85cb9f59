// node-postgres against a server whose address is in AEGIS_PG_URL: what people do with it, checked by node's own test runner.
const test = require('node:test');
const assert = require('node:assert');
const { Client, Pool, types } = require('pg');
const Cursor = require('pg-cursor');
const QueryStream = require('pg-query-stream');
const { to: copyTo, from: copyFrom } = require('pg-copy-streams');
const { pipeline } = require('node:stream/promises');
const { Readable, Writable } = require('node:stream');

const url = process.env.AEGIS_PG_URL;

async function connected(t, more) {
  const client = new Client({ connectionString: url, ...more });
  await client.connect();
  t.after(() => client.end());
  return client;
}

const values = [
  ['boolean', true],
  ['smallint', -32768],
  ['integer', 2147483647],
  ['bigint', '-9223372036854775808'],
  ['real', 1.5],
  ['double precision', -2.5e-300],
  ['double precision', Infinity],
  ['numeric', '-12345678901234567890.000100'],
  ['text', "grüße, 世界 'quoted' \\ \t\n"],
  ['text', ''],
  ['bytea', Buffer.from([0, 255, 92, 39])],
  ['timestamptz', new Date('1969-12-31T23:59:59.001Z')],
  ['json', { a: [1, null, 'x'] }],
];

// Its binary mode reads values as text in UTF-8 first, against any server, so it is left alone here.
test('types both ways', async (t) => {
  const client = await connected(t);
  for (const [name, value] of values) {
    const { rows } = await client.query(`SELECT $1::${name} AS v, NULL::${name} AS n`, [value]);
    assert.deepStrictEqual(rows, [{ v: value, n: null }], name);
  }
});

test('metadata of fields', async (t) => {
  const client = await connected(t);
  const { fields, rowCount, command } = await client.query("SELECT 1 AS a, 'x'::text AS b, now() AS c");
  assert.deepStrictEqual(fields.map((f) => [f.name, f.dataTypeID]), [['a', types.builtins.INT4], ['b', types.builtins.TEXT], ['c', types.builtins.TIMESTAMPTZ]]);
  assert.strictEqual(rowCount, 1);
  assert.strictEqual(command, 'SELECT');
});

test('named statements', async (t) => {
  const client = await connected(t);
  for (let i = 0; i < 20; i++) {
    const { rows } = await client.query({ name: 'twice', text: 'SELECT $1::int * 2 AS v', values: [i] });
    assert.strictEqual(rows[0].v, 2 * i);
  }
});

test('rows are written and read', async (t) => {
  const client = await connected(t);
  await client.query('DROP TABLE IF EXISTS node');
  await client.query('CREATE TABLE node (id bigint, name text)');
  const { rowCount, command } = await client.query('INSERT INTO node VALUES ($1, $2), ($3, $4)', [1, 'a', 2, null]);
  assert.deepStrictEqual([command, rowCount], ['INSERT', 2]);
  await client.query('BEGIN');
  await client.query('INSERT INTO node VALUES (3, $1)', ['gone']);
  await client.query('ROLLBACK');
  const { rows } = await client.query('SELECT * FROM node ORDER BY id');
  assert.deepStrictEqual(rows, [{ id: '1', name: 'a' }, { id: '2', name: null }]);
});

// again runs a transaction until it is not refused, as applications over node-postgres do: by its SQLSTATE.
async function again(client, level, run) {
  for (let refused = 0; ; refused++) {
    await client.query(`BEGIN ISOLATION LEVEL ${level}`);
    try {
      await run(client);
      await client.query('COMMIT');
      return refused;
    } catch (e) {
      await client.query('ROLLBACK');
      if (e.code !== '40001') throw e;
    }
  }
}

test('transactions that meet conflicts are run again', async (t) => {
  const client = await connected(t);
  await client.query('DROP TABLE IF EXISTS nodecounter');
  await client.query('CREATE TABLE nodecounter (id integer PRIMARY KEY, n integer)');
  await client.query('INSERT INTO nodecounter VALUES (1, 0), (2, 0)');
  const other = await connected(t);
  let met = false;
  const refused = await again(client, 'REPEATABLE READ', async (c) => { // surely meets one
    const { rows } = await c.query('SELECT n FROM nodecounter WHERE id = 2');
    if (!met) await other.query('UPDATE nodecounter SET n = n + 10 WHERE id = 2');
    met = true;
    await c.query('UPDATE nodecounter SET n = $1 WHERE id = 2', [rows[0].n + 1]);
  });
  assert.strictEqual(refused, 1);
  const pool = new Pool({ connectionString: url, max: 4 });
  t.after(() => pool.end());
  for (const level of ['READ COMMITTED', 'SERIALIZABLE']) {
    await Promise.all(Array.from({ length: 40 }, async () => {
      const c = await pool.connect();
      try {
        await again(c, level, (in_) => in_.query('UPDATE nodecounter SET n = n + 1 WHERE id = 1'));
      } finally {
        c.release();
      }
    }));
  }
  const { rows } = await client.query('SELECT n FROM nodecounter ORDER BY id');
  assert.deepStrictEqual(rows, [{ n: 80 }, { n: 11 }]);
});

test('several statements in one text', async (t) => {
  const client = await connected(t);
  const results = await client.query('SELECT 1 AS a; SELECT 2 AS b');
  assert.deepStrictEqual(results.map((r) => r.rows), [[{ a: 1 }], [{ b: 2 }]]);
});

test('errors', async (t) => {
  const client = await connected(t);
  await assert.rejects(client.query('SELECT nothing'), (e) => e.code === '42703' && e.position === '8' && e.severity === 'ERROR');
  await assert.rejects(client.query('SELECT $1::int', ['x']), { code: '22P02' });
  await assert.rejects(client.query('SELECT 1 / (g - 5000) FROM generate_series(1, 10000) AS t(g)'), { code: '22012' });
  assert.strictEqual((await client.query('SELECT 1 AS a')).rows[0].a, 1);
});

test('a cursor reads in parts', async (t) => {
  const client = await connected(t);
  const cursor = client.query(new Cursor('SELECT g FROM generate_series(1, $1::int) AS t(g)', [2500]));
  let n = 0;
  for (;;) {
    const rows = await cursor.read(1000);
    if (rows.length === 0) break;
    n += rows.length;
  }
  assert.strictEqual(n, 2500);
  await cursor.close();
  const early = client.query(new Cursor('SELECT g FROM generate_series(1, 1000000) AS t(g)'));
  assert.strictEqual((await early.read(10)).length, 10);
  await early.close();
  assert.strictEqual((await client.query('SELECT 1 AS a')).rows[0].a, 1);
});

test('a stream', async (t) => {
  const client = await connected(t);
  let sum = 0;
  for await (const row of client.query(new QueryStream('SELECT g FROM generate_series(1, 20000) AS t(g)'))) sum += row.g;
  assert.strictEqual(sum, 20000 * 20001 / 2);
});

test('COPY', async (t) => {
  const client = await connected(t);
  await client.query('DROP TABLE IF EXISTS nodecopy');
  await client.query('CREATE TABLE nodecopy (id integer, name text)');
  const lines = Array.from({ length: 5000 }, (_, i) => `${i},"name ""${i}"""\n`);
  await pipeline(Readable.from(lines), client.query(copyFrom('COPY nodecopy FROM STDIN WITH (FORMAT csv)')));
  let text = '';
  await pipeline(client.query(copyTo('COPY (SELECT * FROM nodecopy WHERE id = 42) TO STDOUT CSV HEADER')),
    new Writable({ write(chunk, _, done) { text += chunk; done(); } }));
  assert.strictEqual(text, 'id,name\n42,"name ""42"""\n');
});

test('a hundred connections', async (t) => {
  const pool = new Pool({ connectionString: url, max: 100 });
  t.after(() => pool.end());
  const answers = await Promise.all(Array.from({ length: 1000 }, (_, i) => pool.query('SELECT $1::int + 1 AS v', [i])));
  assert.deepStrictEqual(answers.map((r) => r.rows[0].v), Array.from({ length: 1000 }, (_, i) => i + 1));
});

test('statement_timeout', async (t) => {
  const client = await connected(t, { statement_timeout: 200 });
  await assert.rejects(
    client.query('SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0'), { code: '57014' });
});

test('notices', async (t) => {
  const client = await connected(t);
  const heard = [];
  client.on('notice', (n) => heard.push(n.code));
  await client.query('COMMIT');
  assert.deepStrictEqual(heard, ['25P01']);
});
