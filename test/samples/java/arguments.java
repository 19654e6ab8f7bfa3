// wants: ok; args ["a b", "", "-x", "ü*", "--", "$HOME"]; stdout is "6\n[a b]\n[]\n[-x]\n[ü*]\n[--]\n[$HOME]\n"
public class Main {
    public static void main(String[] args) {
        System.out.println(args.length);
        for (String arg : args) System.out.println("[" + arg + "]");
    }
}
