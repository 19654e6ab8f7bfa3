// wants: compile_error; stdout is ""; stderr has "Main.java"
public class Main {
    public static void main(String[] args) {
        int word = "never";
        System.out.println(word);
    }
}
