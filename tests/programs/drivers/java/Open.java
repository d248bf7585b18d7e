// Opens what the standard input says, four fields each, behind each a NUL: a text, who logs in and by which password where
// the text does not say so, and a statement. Prints what it is told there.
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;

class Open {
    public static void main(String[] arguments) throws Exception {
        PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        byte[] input = System.in.readAllBytes();
        String[] fields = new String(input, StandardCharsets.UTF_8).split("\0", -1);
        for (int at = 0; at + 3 < fields.length; at += 4) {
            try (Connection connection = connect(fields[at], fields[at + 1], fields[at + 2]);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(fields[at + 3])) {
                rows.next();
                out.println("said " + rows.getString(1));
            } catch (Exception error) {
                out.println("error " + error.getMessage().replace("\n", " "));
            }
        }
    }

    static Connection connect(String text, String user, String password) throws Exception {
        return user.isEmpty() ? DriverManager.getConnection(text) : DriverManager.getConnection(text, user, password);
    }
}
