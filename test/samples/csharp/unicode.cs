// wants: ok; stdin "žluťoučký kůň 🐎\n"; stdout is "Grüße, 世界 🌍\nžluťoučký kůň 🐎\n15\n"
using System;

class Program
{
    static void Main(string[] args)
    {
        Console.WriteLine("Grüße, 世界 🌍");
        string line = Console.ReadLine();
        Console.WriteLine(line);
        int count = 0;
        foreach (char unit in line) if (!char.IsLowSurrogate(unit)) count++;
        Console.WriteLine(count);
    }
}
