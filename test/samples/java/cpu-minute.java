// wants: timeout; timeoutMs=1500; stdout is "started\n"
public class Main {
    public static void main(String[] args) {
        long end = System.nanoTime() + 60_000_000_000L;
        long count = 0;
        System.out.println("started");
        while (System.nanoTime() < end) count++;
        System.out.println("never " + count);
    }
}
