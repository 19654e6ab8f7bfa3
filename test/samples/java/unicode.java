// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;

public class Main {
    public static void main(String[] args) throws IOException {
        System.out.println("Grüße, 世界 🌍");
        String line = new BufferedReader(new InputStreamReader(System.in)).readLine();
        System.out.println(line);
        System.out.println(line.codePointCount(0, line.length()));
    }
}
