// wants: error; exit 7; stdout is "before\n"; stderr is ""
public class Main {
    public static void main(String[] args) {
        System.out.println("before");
        System.exit(7);
    }
}
