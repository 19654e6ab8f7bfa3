// wants: timeout; timeoutMs=1500; stdout is "started\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        DateTime end = DateTime.UtcNow.AddMinutes(1);
        long count = 0;
        Console.WriteLine("started");
        Console.Out.Flush();
        while (DateTime.UtcNow < end) count++;
        Console.WriteLine("never " + count);
    }
}
