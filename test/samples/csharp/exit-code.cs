// wants: error; exit 7; stdout is "before\n"; stderr is ""
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.WriteLine("before");
        Environment.Exit(7);
    }
}
