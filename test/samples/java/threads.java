// wants: ok; stdout is "5000050000\n"
import java.util.Arrays;

public class Main {
    public static void main(String[] args) throws InterruptedException {
        long[] totals = new long[4];
        Thread[] threads = new Thread[4];
        for (int i = 0; i < 4; i++) {
            int slot = i;
            threads[i] = new Thread(() -> {
                for (int n = slot * 25_000 + 1; n <= (slot + 1) * 25_000; n++) totals[slot] += n;
            });
            threads[i].start();
        }
        for (Thread thread : threads) thread.join();
        System.out.println(Arrays.stream(totals).sum());
    }
}
