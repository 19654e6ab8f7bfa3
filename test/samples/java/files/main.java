// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

public class Main {
    public static void main(String[] args) throws IOException {
        for (String name : Files.readAllLines(Path.of("data/names.txt"))) {
            System.out.println(Greeter.greet(name));
        }
    }
}
