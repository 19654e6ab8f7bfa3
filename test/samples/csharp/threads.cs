// wants: ok; stdout is "5000050000\n"
using System;
using System.Linq;
using System.Threading;

class Program
{
    static void Main(string[] args)
    {
        long[] totals = new long[4];
        Thread[] threads = new Thread[4];
        for (int i = 0; i < 4; i++)
        {
            int slot = i;
            threads[i] = new Thread(() =>
            {
                for (int n = slot * 25000 + 1; n <= (slot + 1) * 25000; n++) totals[slot] += n;
            });
            threads[i].Start();
        }
        foreach (Thread thread in threads) thread.Join();
        Console.WriteLine(totals.Sum());
    }
}
