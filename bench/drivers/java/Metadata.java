import java.sql.Connection;
import java.sql.DatabaseMetaData;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.ResultSetMetaData;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Properties;

/** What pgjdbc says of the database whose JDBC URL is the argument: every answer of DatabaseMetaData that asks the server, a row a line. */
public class Metadata {
    interface Question {
        ResultSet ask() throws SQLException;
    }

    /** print writes a heading, and the rows: all columns that have a value, but for those that name the database. */
    static void print(String heading, Question q) {
        System.out.println("## " + heading);
        try (ResultSet r = q.ask()) {
            ResultSetMetaData m = r.getMetaData();
            while (r.next()) {
                List<String> cells = new ArrayList<>();
                for (int i = 1; i <= m.getColumnCount(); i++) {
                    String name = m.getColumnName(i).toUpperCase();
                    String value = r.getString(i);
                    if (value != null && !name.endsWith("_CAT") && !name.endsWith("_CATALOG")) cells.add(name + "=" + value);
                }
                System.out.println(String.join(" | ", cells));
            }
        } catch (RuntimeException e) {
            System.out.println("ERROR " + e);
        } catch (SQLException e) {
            System.out.println("ERROR " + e.getSQLState() + " " + e.getMessage().replace('\n', ' '));
        }
    }

    public static void main(String[] args) throws SQLException {
        Properties p = new Properties();
        p.setProperty("user", args[1]);
        try (Connection c = DriverManager.getConnection(args[0], p)) {
            DatabaseMetaData d = c.getMetaData();
            for (String type : new String[] {"TABLE", "VIEW", "SEQUENCE", "INDEX"}) {
                print("getTables " + type, () -> d.getTables(null, "shop", "%", new String[] {type}));
            }
            print("getTables without types", () -> d.getTables(null, "shop", "o%", null));
            print("getColumns", () -> d.getColumns(null, "shop", "%", "%"));
            print("getColumns of some", () -> d.getColumns(null, null, "order\\_items", "p%"));
            for (String table : new String[] {"customers", "order_items", "events", "Odd Name", "nothing"}) {
                print("getPrimaryKeys " + table, () -> d.getPrimaryKeys(null, "shop", table));
                print("getIndexInfo " + table, () -> d.getIndexInfo(null, "shop", table, false, true));
                print("getIndexInfo unique " + table, () -> d.getIndexInfo(null, "shop", table, true, true));
                print("getBestRowIdentifier " + table, () -> d.getBestRowIdentifier(null, "shop", table, DatabaseMetaData.bestRowSession, true));
                print("getVersionColumns " + table, () -> d.getVersionColumns(null, "shop", table));
                print("getImportedKeys " + table, () -> d.getImportedKeys(null, "shop", table));
                print("getExportedKeys " + table, () -> d.getExportedKeys(null, "shop", table));
                print("getTablePrivileges " + table, () -> d.getTablePrivileges(null, "shop", table));
            }
            print("getPrimaryKeys of all schemas", () -> d.getPrimaryKeys(null, null, "customers"));
            print("getSchemas", () -> d.getSchemas(null, "sho%"));
            print("getTableTypes", d::getTableTypes);
            print("getFunctions", () -> d.getFunctions(null, "pg_catalog", "lpad"));
            print("getFunctionColumns", () -> d.getFunctionColumns(null, "pg_catalog", "lpad", "%"));
            print("getProcedures", () -> d.getProcedures(null, "shop", "%"));
            print("getUDTs", () -> d.getUDTs(null, "shop", "%", null));
            print("getClientInfoProperties", d::getClientInfoProperties);
            print("getColumnPrivileges", () -> d.getColumnPrivileges(null, "shop", "Odd Name", "%"));
            List<String> keywords = Arrays.asList(d.getSQLKeywords().split(","));
            System.out.println("## getSQLKeywords " + keywords.containsAll(Arrays.asList("analyze", "ilike", "returning", "vacuum")) + keywords.contains("select"));
            System.out.println("## functions " + d.getStringFunctions() + " " + d.getNumericFunctions());
            System.out.println("## limits " + d.getMaxColumnNameLength() + " " + d.getMaxColumnsInIndex() + " " + d.getDefaultTransactionIsolation());
        }
    }
}
