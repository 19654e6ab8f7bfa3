// wants: ok; stdout is "Hello, world!\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.WriteLine("Hello, world!");
    }
}
