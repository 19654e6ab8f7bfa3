import java.util.*;
import java.util.concurrent.*;
import java.util.function.*;
import java.util.stream.*;

// What short programs do, once, with harmless content.
public class Warm {
    sealed interface Shape permits Circle, Square {}

    record Circle(double radius) implements Shape {}

    record Square(double side) implements Shape {}

    enum Color { RED, GREEN }

    static double area(Shape shape) {
        return switch (shape) {
            case Circle(double radius) -> Math.PI * radius * radius;
            case Square square -> square.side() * square.side();
        };
    }

    static int fib(int n) {
        return n < 2 ? n : fib(n - 1) + fib(n - 2);
    }

    static <T extends Comparable<T>> T largest(List<T> list) {
        T best = list.get(0);
        for (T one : list) if (one.compareTo(best) > 0) best = one;
        return best;
    }

    public static void main(String[] args) throws Exception {
        String name = args.length > 0 ? args[0] : "nobody";
        System.out.println("hello, " + name + " ünd " + fib(12) + ' ' + 1.5 + true);
        System.out.printf("%d %5.2f %s %x%n", 42, 3.14159, name, 255);
        System.out.print(String.format("%-5s|%03d", "ab", 7) + "\n");
        List<Integer> numbers = new ArrayList<>(List.of(3, 1, 2));
        Collections.sort(numbers);
        numbers.forEach(System.out::println);
        Map<String, Integer> counts = new HashMap<>();
        for (String word : "a b a c".split(" ")) counts.merge(word, 1, Integer::sum);
        for (Map.Entry<String, Integer> entry : new TreeMap<>(counts).entrySet()) {
            System.out.println(entry.getKey() + ": " + entry.getValue());
        }
        System.out.println(numbers.stream().filter(n -> n % 2 == 1).map(n -> n * n).collect(Collectors.toList()));
        System.out.println(IntStream.rangeClosed(1, 5).sum() + Stream.of("x", "y").collect(Collectors.joining(",")));
        StringBuilder text = new StringBuilder();
        for (int i = 0; i < 3; i++) text.append(i).append(',');
        System.out.println(text.reverse() + largest(numbers).toString() + area(new Circle(1)) + area(new Square(2)));
        System.out.println(new Circle(1) + " " + Color.RED + " " + Arrays.toString(new int[] {1, 2}) + Optional.of(1));
        try {
            Object nothing = null;
            nothing.toString();
        } catch (NullPointerException | IllegalStateException error) {
            System.err.println(error.getMessage());
            error.printStackTrace();
        }
        Function<Integer, Function<Integer, Integer>> add = a -> b -> a + b;
        Runnable task = () -> System.out.println(add.apply(1).apply(2));
        Thread thread = new Thread(task);
        thread.start();
        thread.join();
        Scanner input = new Scanner("1 two\nline\n");
        System.out.println(input.nextInt() + input.next() + input.nextLine());
        System.out.println("""
            block""".lines().count());
    }
}
