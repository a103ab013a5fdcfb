"""One charger's connection to its CSMS: its station, its journal, its link."""
