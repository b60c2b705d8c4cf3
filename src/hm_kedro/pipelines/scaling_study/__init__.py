"""What more data, more cores, another engine and a cluster buy, in time and in quality."""
