// wants: ok; stdout is "1 2 3 5 8 9\na=3 b=2 c=1\n3.1416\n2026/11/22\n48656c6c6f\n"
import java.math.BigDecimal;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.LocalDate;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

public class Main {
    record Point(int x, int y) {}

    static void check(boolean holds) {
        if (!holds) throw new IllegalStateException("the library is not what it was");
    }

    public static void main(String[] args) throws Exception {
        int[] numbers = {5, 3, 9, 1, 8, 2};
        System.out.println(IntStream.of(numbers).sorted().mapToObj(String::valueOf).collect(Collectors.joining(" ")));
        Map<Character, Integer> counts = new TreeMap<>();
        for (char letter : "abacab".toCharArray()) counts.merge(letter, 1, Integer::sum);
        System.out.println(counts.entrySet().stream().map(Object::toString).collect(Collectors.joining(" ")));
        System.out.println(String.format(Locale.ROOT, "%.4f", Math.PI));
        System.out.println(LocalDate.of(2026, 11, 22).toString().replaceAll("-", "/"));
        System.out.println(HexFormat.of().formatHex("Hello".getBytes(StandardCharsets.UTF_8)));

        check(Pattern.compile("(\\w+)=(\\w+)").matcher("key=value").matches());
        check(BigInteger.TWO.pow(64).toString().equals("18446744073709551616"));
        check(new BigDecimal("0.1").add(new BigDecimal("0.2")).equals(new BigDecimal("0.3")));
        byte[] digest = MessageDigest.getInstance("SHA-256").digest("abc".getBytes(StandardCharsets.UTF_8));
        check(HexFormat.of().formatHex(digest).startsWith("ba7816bf"));
        check(Base64.getEncoder().encodeToString(new byte[] {0, -1}).equals("AP8="));
        check(Optional.empty().isEmpty() && List.of(1, 2).contains(2));
        check(new Point(1, 2).equals(new Point(1, 2)));
        ExecutorService pool = Executors.newFixedThreadPool(2);
        check(pool.submit(() -> 7).get() == 7);
        pool.shutdown();
        Path kept = Files.createTempFile("tour", "");
        Files.writeString(kept, "kept");
        check(Files.readString(kept).equals("kept"));
    }
}
