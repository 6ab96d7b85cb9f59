import java.io.StringReader;
import java.io.StringWriter;
import java.math.BigDecimal;
import java.sql.Array;
import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.Date;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.sql.SQLWarning;
import java.sql.Savepoint;
import java.sql.Statement;
import java.sql.Timestamp;
import java.sql.Types;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyManager;
import org.postgresql.util.PSQLException;

/** pgjdbc against a server whose JDBC URL is the argument. Ends with status 1 if anything is not as it should be. */
public class Drivers {
    static String url;
    static int failures;

    interface Check {
        void run() throws Exception;
    }

    static Connection connect(String... more) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", "me");
        for (int i = 0; i < more.length; i += 2) p.setProperty(more[i], more[i + 1]);
        return DriverManager.getConnection(url, p);
    }

    static void check(String name, Check c) {
        try {
            c.run();
            System.out.println("ok " + name);
        } catch (Throwable e) {
            failures++;
            System.out.println("not ok " + name);
            e.printStackTrace(System.out);
        }
    }

    static void same(Object got, Object want) {
        if (!Objects.deepEquals(got, want)) throw new AssertionError("got " + got + ", want " + want);
    }

    /** Runs a transaction until it is not refused, as applications over pgjdbc do: by its SQLSTATE. Gives how often it was. */
    static int again(Connection c, int level, Check run) throws Exception {
        c.setTransactionIsolation(level);
        c.setAutoCommit(false);
        try {
            for (int refused = 0; ; refused++) {
                try {
                    run.run();
                    c.commit();
                    return refused;
                } catch (SQLException e) {
                    c.rollback();
                    if (!"40001".equals(e.getSQLState())) throw e;
                }
            }
        } finally {
            c.setAutoCommit(true);
        }
    }

    static void fails(String state, Check c) throws Exception {
        try {
            c.run();
        } catch (SQLException e) {
            same(e.getSQLState(), state);
            return;
        }
        throw new AssertionError("no error, want " + state);
    }

    static void types(Connection c) throws SQLException {
        String sql = "SELECT ?::boolean, ?::smallint, ?::integer, ?::bigint, ?::real, ?::double precision, ?::numeric, ?::text, ?::bytea, ?::date, "
                + "?::timestamp, ?::timestamptz";
        LocalDateTime local = LocalDateTime.of(2026, 2, 28, 23, 59, 59, 123456000);
        OffsetDateTime at = OffsetDateTime.of(1969, 12, 31, 23, 59, 59, 1000, ZoneOffset.UTC);
        try (PreparedStatement s = c.prepareStatement(sql)) {
            for (int round = 0; round < 8; round++) { // the driver goes over to named statements and binary results after five
                s.setBoolean(1, true);
                s.setShort(2, (short) -300);
                s.setInt(3, Integer.MIN_VALUE);
                s.setLong(4, Long.MAX_VALUE);
                s.setFloat(5, 1.5f);
                s.setDouble(6, -2.5e-300);
                s.setBigDecimal(7, new BigDecimal("-12345678901234567890.000100"));
                s.setString(8, "grüße, 世界 'quoted' \\ \t\n");
                s.setBytes(9, new byte[] {0, -1, 92, 39});
                s.setObject(10, LocalDate.of(2026, 2, 28));
                s.setObject(11, local);
                s.setObject(12, at);
                try (ResultSet r = s.executeQuery()) {
                    same(r.next(), true);
                    same(r.getBoolean(1), true);
                    same(r.getShort(2), (short) -300);
                    same(r.getInt(3), Integer.MIN_VALUE);
                    same(r.getLong(4), Long.MAX_VALUE);
                    same(r.getFloat(5), 1.5f);
                    same(r.getDouble(6), -2.5e-300);
                    same(r.getBigDecimal(7), new BigDecimal("-12345678901234567890.000100"));
                    same(r.getString(8), "grüße, 世界 'quoted' \\ \t\n");
                    same(Arrays.toString(r.getBytes(9)), Arrays.toString(new byte[] {0, -1, 92, 39}));
                    same(r.getObject(10, LocalDate.class), LocalDate.of(2026, 2, 28));
                    same(r.getObject(11, LocalDateTime.class), local);
                    same(r.getObject(12, OffsetDateTime.class), at);
                    same(r.next(), false);
                }
                for (int i = 1; i <= 12; i++) s.setNull(i, Types.OTHER);
                try (ResultSet r = s.executeQuery()) {
                    same(r.next(), true);
                    for (int i = 1; i <= 12; i++) same(r.getObject(i), null);
                }
            }
        }
    }

    public static void main(String[] args) throws Exception {
        url = args[0];
        check("types, binary where the driver likes it", () -> {
            try (Connection c = connect()) {
                types(c);
            }
        });
        check("types as text", () -> {
            try (Connection c = connect("binaryTransfer", "false")) {
                types(c);
            }
        });
        check("types, the simple protocol", () -> {
            try (Connection c = connect("preferQueryMode", "simple")) {
                types(c);
            }
        });
        check("rows are written, in a transaction and by batches", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                s.execute("DROP TABLE IF EXISTS jdbc");
                s.execute("CREATE TABLE jdbc (id bigint, name text)");
                same(s.executeUpdate("INSERT INTO jdbc VALUES (1, 'a'), (2, NULL)"), 2);
                c.setAutoCommit(false);
                try (PreparedStatement p = c.prepareStatement("INSERT INTO jdbc VALUES (?, ?)")) {
                    for (int i = 0; i < 500; i++) {
                        p.setLong(1, 100 + i);
                        p.setString(2, "n" + i);
                        p.addBatch();
                    }
                    same(Arrays.stream(p.executeBatch()).sum(), 500);
                }
                c.commit();
                s.executeUpdate("INSERT INTO jdbc VALUES (9999, 'gone')");
                c.rollback();
                Savepoint point = c.setSavepoint();
                fails("22012", () -> s.executeQuery("SELECT 1 / 0"));
                c.rollback(point);
                try (ResultSet r = s.executeQuery("SELECT count(*), count(name), max(id) FROM jdbc")) {
                    r.next();
                    same(Arrays.asList(r.getLong(1), r.getLong(2), r.getLong(3)), Arrays.asList(502L, 501L, 599L));
                }
                c.commit();
            }
        });
        check("a fetch size reads through a portal", () -> {
            try (Connection c = connect()) {
                c.setAutoCommit(false);
                try (Statement s = c.createStatement()) {
                    s.setFetchSize(1000);
                    long n = 0, sum = 0;
                    try (ResultSet r = s.executeQuery("SELECT g FROM generate_series(1, 100500) AS t(g)")) {
                        while (r.next()) {
                            n++;
                            sum += r.getInt(1);
                            if (n == 5000) {
                                try (Statement other = c.createStatement(); ResultSet o = other.executeQuery("SELECT 1")) {
                                    o.next(); // beside the open portal
                                }
                            }
                        }
                    }
                    same(n, 100500L);
                    same(sum, 100500L * 100501 / 2);
                }
                c.commit();
            }
        });
        check("maxRows", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                s.setMaxRows(7);
                int n = 0;
                try (ResultSet r = s.executeQuery("SELECT g FROM generate_series(1, 100000) AS t(g)")) {
                    while (r.next()) n++;
                }
                same(n, 7);
            }
        });
        check("metadata of results and parameters", () -> {
            try (Connection c = connect(); PreparedStatement s = c.prepareStatement("SELECT 1 AS a, ?::text AS b, 2.5::float8 AS c")) {
                ResultSetMetaData m = s.getMetaData();
                same(m.getColumnCount(), 3);
                same(m.getColumnName(2), "b");
                same(Arrays.asList(m.getColumnType(1), m.getColumnType(2), m.getColumnType(3)), Arrays.asList(Types.INTEGER, Types.VARCHAR, Types.DOUBLE));
                same(s.getParameterMetaData().getParameterType(1), Types.VARCHAR);
            }
        });
        check("errors", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                try {
                    s.executeQuery("SELECT nothing");
                    throw new AssertionError("no error");
                } catch (PSQLException e) {
                    same(e.getSQLState(), "42703");
                    same(e.getServerErrorMessage().getPosition(), 8);
                }
                fails("22012", () -> {
                    try (ResultSet r = s.executeQuery("SELECT 1 / (g - 5000) FROM generate_series(1, 10000) AS t(g)")) {
                        while (r.next()) r.getInt(1);
                    }
                });
                try (ResultSet r = s.executeQuery("SELECT 1")) {
                    same(r.next(), true);
                }
                c.setAutoCommit(false);
                fails("42703", () -> s.executeQuery("SELECT nothing"));
                fails("25P02", () -> s.executeQuery("SELECT 1"));
                c.rollback();
            }
        });
        check("read-only and isolation", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                c.setReadOnly(true);
                c.setAutoCommit(false);
                fails("25006", () -> s.executeUpdate("INSERT INTO jdbc VALUES (1, 'x')"));
                c.rollback();
                c.setReadOnly(false);
                c.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
                long before, after;
                try (ResultSet r = s.executeQuery("SELECT count(*) FROM jdbc")) {
                    r.next();
                    before = r.getLong(1);
                }
                try (Connection other = connect(); Statement o = other.createStatement()) {
                    o.executeUpdate("INSERT INTO jdbc VALUES (7, 'seven')");
                }
                try (ResultSet r = s.executeQuery("SELECT count(*) FROM jdbc")) {
                    r.next();
                    after = r.getLong(1);
                }
                same(after, before);
                c.commit();
                try (ResultSet r = s.executeQuery("SELECT count(*) FROM jdbc")) {
                    r.next();
                    same(r.getLong(1), before + 1);
                }
                c.commit();
            }
        });
        check("transactions that meet conflicts are run again", () -> {
            try (Connection c = connect(); Connection other = connect(); Statement s = c.createStatement(); Statement o = other.createStatement()) {
                s.execute("DROP TABLE IF EXISTS jcounter");
                s.execute("CREATE TABLE jcounter (id integer PRIMARY KEY, n integer)");
                s.execute("INSERT INTO jcounter VALUES (1, 0), (2, 0)");
                boolean[] met = {false};
                same(again(c, Connection.TRANSACTION_REPEATABLE_READ, () -> { // surely meets one
                    ResultSet r = s.executeQuery("SELECT n FROM jcounter WHERE id = 2");
                    r.next();
                    int n = r.getInt(1);
                    if (!met[0]) o.executeUpdate("UPDATE jcounter SET n = n + 10 WHERE id = 2");
                    met[0] = true;
                    s.executeUpdate("UPDATE jcounter SET n = " + (n + 1) + " WHERE id = 2");
                }), 1);
                ExecutorService pool = Executors.newFixedThreadPool(4);
                List<Future<?>> done = new ArrayList<>();
                for (int t = 0; t < 4; t++) {
                    int level = t % 2 == 0 ? Connection.TRANSACTION_READ_COMMITTED : Connection.TRANSACTION_SERIALIZABLE;
                    done.add(pool.submit(() -> {
                        try (Connection mine = connect(); PreparedStatement p = mine.prepareStatement("UPDATE jcounter SET n = n + ? WHERE id = 1")) {
                            for (int i = 0; i < 25; i++) {
                                again(mine, level, () -> {
                                    p.setInt(1, 1);
                                    p.executeUpdate();
                                });
                            }
                        }
                        return null;
                    }));
                }
                for (Future<?> f : done) f.get();
                pool.shutdown();
                ResultSet r = s.executeQuery("SELECT n FROM jcounter ORDER BY id");
                r.next();
                same(r.getInt(1), 100);
                r.next();
                same(r.getInt(1), 11);
            }
        });
        check("cancel and time-outs", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                String slow = "SELECT count(*) FROM generate_series(1, 1000000) AS a(x), generate_series(1, 1000000) AS b(y) WHERE x * y < 0";
                new Thread(() -> {
                    try {
                        Thread.sleep(300);
                        s.cancel();
                    } catch (Exception e) {
                        throw new RuntimeException(e);
                    }
                }).start();
                fails("57014", () -> s.executeQuery(slow));
                s.setQueryTimeout(1);
                fails("57014", () -> s.executeQuery(slow));
                s.setQueryTimeout(0);
                try (ResultSet r = s.executeQuery("SELECT 1")) {
                    same(r.next(), true);
                }
            }
        });
        check("warnings", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                s.execute("COMMIT");
                SQLWarning w = s.getWarnings();
                same(w == null ? null : w.getSQLState(), "25P01");
            }
        });
        check("COPY", () -> {
            try (Connection c = connect(); Statement s = c.createStatement()) {
                s.execute("DROP TABLE IF EXISTS jdbccopy");
                s.execute("CREATE TABLE jdbccopy (id integer, name text)");
                CopyManager m = c.unwrap(PGConnection.class).getCopyAPI();
                StringBuilder rows = new StringBuilder();
                for (int i = 0; i < 5000; i++) rows.append(i).append(",name ").append(i).append('\n');
                same(m.copyIn("COPY jdbccopy FROM STDIN WITH (FORMAT csv)", new StringReader(rows.toString())), 5000L);
                StringWriter out = new StringWriter();
                same(m.copyOut("COPY (SELECT * FROM jdbccopy WHERE id < 2 ORDER BY id) TO STDOUT WITH CSV", out), 2L);
                same(out.toString(), "0,name 0\n1,name 1\n");
            }
        });
        check("a hundred connections at once", () -> {
            ExecutorService pool = Executors.newFixedThreadPool(100);
            List<Future<Integer>> answers = new ArrayList<>();
            for (int i = 0; i < 100; i++) {
                int n = i;
                answers.add(pool.submit(() -> {
                    try (Connection c = connect(); PreparedStatement s = c.prepareStatement("SELECT ? + 1")) {
                        int sum = 0;
                        for (int k = 0; k < 10; k++) {
                            s.setInt(1, n);
                            try (ResultSet r = s.executeQuery()) {
                                r.next();
                                sum += r.getInt(1);
                            }
                        }
                        return sum;
                    }
                }));
            }
            for (int i = 0; i < 100; i++) same(answers.get(i).get(), 10 * (i + 1));
            pool.shutdown();
        });
        System.out.println(failures == 0 ? "all ok" : failures + " failed");
        System.exit(failures == 0 ? 0 : 1);
    }
}
