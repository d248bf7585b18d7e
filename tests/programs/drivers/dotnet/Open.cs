using System;
using System.Data.Common;
using System.IO;
using System.Text;

/// Reads texts that a zero byte ends, and prints their words: name and value, each before a zero byte, and a line's end.
static class Open
{
    static void Main()
    {
        var utf8 = new UTF8Encoding(false);
        var asked = new StreamReader(Console.OpenStandardInput(), utf8).ReadToEnd().Split('\0');
        using (var said = new StreamWriter(Console.OpenStandardOutput(), utf8))
        {
            for (var number = 0; number < asked.Length - 1; number++)
            {
                var builder = new DbConnectionStringBuilder { ConnectionString = asked[number] };
                foreach (string name in builder.Keys)
                {
                    said.Write(name + "\0" + builder[name] + "\0");
                }
                said.Write("\n");
            }
        }
    }
}
