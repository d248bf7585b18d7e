import org.postgresql.PGProperty;

/** Prints the names of all that the driver takes. */
class Properties {
    public static void main(String[] arguments) {
        for (PGProperty property : PGProperty.values()) {
            System.out.println(property.getName());
        }
    }
}
