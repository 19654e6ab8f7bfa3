// wants: error|signal; stdout is "before\n"; stderr has "something broke"
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.WriteLine("before");
        throw new InvalidOperationException("something broke");
    }
}
