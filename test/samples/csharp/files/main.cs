// wants: ok; stdout is "Hello, Ada!\nHello, Grace!\n"
using System;
using System.IO;

class Program
{
    static void Main(string[] args)
    {
        foreach (string name in File.ReadLines("data/names.txt"))
        {
            Console.WriteLine(Greeter.Greet(name));
        }
    }
}
