// Raises errors through JDBC drivers: java Shop FILE [--uncaught]. The file's form is that of shop.py.
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.SimpleFormatter;

public final class Shop {
    private static String driver;
    private static PrintStream out;

    /** As much of JSON as the jobs need. */
    private static final class Json {
        private final String text;
        private int at;

        Json(String text) { this.text = text; }

        Object value() {
            space();
            char c = text.charAt(at);
            if (c == '{') {
                Map<String, Object> map = new LinkedHashMap<>();
                at++;
                for (space(); text.charAt(at) != '}'; space()) {
                    if (text.charAt(at) == ',') { at++; space(); }
                    String key = (String) value();
                    space();
                    at++;
                    map.put(key, value());
                }
                at++;
                return map;
            }
            if (c == '[') {
                List<Object> list = new ArrayList<>();
                at++;
                for (space(); text.charAt(at) != ']'; space()) {
                    if (text.charAt(at) == ',') at++;
                    list.add(value());
                }
                at++;
                return list;
            }
            if (c == '"') {
                StringBuilder made = new StringBuilder();
                for (at++; text.charAt(at) != '"'; at++) {
                    char one = text.charAt(at);
                    if (one == '\\') {
                        one = text.charAt(++at);
                        int known = "bfnrt".indexOf(one);
                        if (known >= 0) one = "\b\f\n\r\t".charAt(known);
                        else if (one == 'u') { one = (char) Integer.parseInt(text.substring(at + 1, at + 5), 16); at += 4; }
                    }
                    made.append(one);
                }
                at++;
                return made.toString();
            }
            int start = at;
            while (at < text.length() && ",]} \n".indexOf(text.charAt(at)) < 0) at++;
            String word = text.substring(start, at);
            return switch (word) {
                case "true" -> true;
                case "false" -> false;
                case "null" -> null;
                default -> Integer.valueOf(word);
            };
        }

        private void space() { while (Character.isWhitespace(text.charAt(at))) at++; }

        static String quoted(String text) {
            if (text == null) return "null";
            StringBuilder made = new StringBuilder("\"");
            for (char c : text.toCharArray()) {
                if (c == '"' || c == '\\') made.append('\\').append(c);
                else if (c < ' ' || Character.isSurrogate(c)) made.append(String.format("\\u%04x", (int) c));
                else made.append(c);
            }
            return made.append('"').toString();
        }
    }

    @SuppressWarnings("unchecked")
    private static Map<String, Object> map(Object object) { return (Map<String, Object>) object; }

    @SuppressWarnings("unchecked")
    private static <T> List<T> list(Object object) { return (List<T>) object; }

    private static Connection open(Map<String, Object> where) throws SQLException {
        if (driver.equals("sqlite")) {
            Connection connection = DriverManager.getConnection("jdbc:sqlite:" + where.get("file"));
            try (Statement statement = connection.createStatement()) { statement.execute("PRAGMA busy_timeout = 50"); }
            return connection;
        }
        String place = where.get("host") + ":" + where.get("port") + "/" + (where.get("database") == null ? "" : where.get("database"));
        String password = where.get("password") == null ? "" : (String) where.get("password");
        String options = driver.equals("mariadb") ? "?connectTimeout=3000&permitMysqlScheme&allowPublicKeyRetrieval=true" : "?connectTimeout=3";
        return DriverManager.getConnection("jdbc:" + driver + "://" + place + options, (String) where.get("user"), password);
    }

    private static void placeOrder(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            boolean rows = statement.execute(sql);
            while (rows && statement.getResultSet().next()) { }
        }
    }

    private static void play(Map<String, Object> scenario, Map<String, Object> given, boolean uncaught) throws Exception {
        Map<String, Object> base = scenario.get("base") == null ? given : map(scenario.get("base"));
        Connection admin = open(base);
        for (String sql : Shop.<String>list(scenario.get("setup"))) {
            try {
                placeOrder(admin, sql);
            } catch (SQLException error) {
                if (!uncaught) out.println("{\"id\": " + Json.quoted((String) scenario.get("id")) + ", \"setup\": " + Json.quoted(sql + ": " + error.getMessage()) + "}");
                break;
            }
        }
        admin.close();
        List<Connection> sessions = new ArrayList<>();
        try {
            Connection main = open(scenario.get("connect") == null ? base : map(scenario.get("connect")));
            sessions.add(main);
            Connection other = null;
            for (Object item : list(scenario.get("steps"))) {
                Map<String, Object> step = map(item);
                if (step.get("sleep") != null) {
                    Thread.sleep((Integer) step.get("sleep"));
                } else if (step.get("shell") != null) {
                    new ProcessBuilder("sh", "-c", (String) step.get("shell")).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD).start().waitFor();
                } else if ("b".equals(step.get("on"))) {
                    if (other == null) sessions.add(other = open(base));
                    try { placeOrder(other, (String) step.get("sql")); } catch (SQLException error) { }
                } else if (step.get("ignore") != null) {
                    try { placeOrder(main, (String) step.get("sql")); } catch (SQLException error) { }
                } else {
                    placeOrder(main, (String) step.get("sql"));
                }
            }
        } finally {
            if (!uncaught) for (Connection session : sessions) { try { session.close(); } catch (SQLException error) { } }
        }
    }

    private static String trace(Throwable error) {
        StringWriter writer = new StringWriter();
        error.printStackTrace(new PrintWriter(writer, true));
        return writer.toString();
    }

    private static String shown(SQLException error, int style) {
        switch (style) {
            case 0: return trace(error);
            case 1: return error.getMessage();
            case 2:
                LogRecord record = new LogRecord(Level.SEVERE, "Order could not be stored");
                record.setLoggerName("com.example.shop.OrderService");
                record.setThrown(error);
                return new SimpleFormatter().format(record);
            case 3: return "SQL Error: " + error.getErrorCode() + ", SQLState: " + error.getSQLState() + "\n" + error.getMessage();
            case 4: return trace(new IllegalStateException("order not stored", error));
            default: return error.toString();
        }
    }

    public static void main(String[] words) throws Exception {
        out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        Map<String, Object> job = map(new Json(Files.readString(Path.of(words[0]))).value());
        driver = (String) job.get("driver");
        for (Object item : list(job.get("scenarios"))) {
            Map<String, Object> scenario = map(item);
            if (words.length > 1) {
                play(scenario, map(job.get("base")), true);
                System.exit(0);
            }
            String id = Json.quoted((String) scenario.get("id"));
            try {
                play(scenario, map(job.get("base")), false);
                out.println("{\"id\": " + id + ", \"text\": null}");
            } catch (SQLException error) {
                int style = (Integer) scenario.get("style") % 6;
                out.println("{\"id\": " + id + ", \"text\": " + Json.quoted(shown(error, style)) + ", \"code\": " + error.getErrorCode() + ", \"sqlstate\": " + Json.quoted(error.getSQLState()) + ", \"symbol\": null, \"style\": " + style + "}");
            }
        }
        System.exit(0);
    }
}
