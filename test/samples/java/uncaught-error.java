// wants: error; stdout is "before\n"; stderr has "something broke"
public class Main {
    public static void main(String[] args) {
        System.out.println("before");
        throw new IllegalStateException("something broke");
    }
}
