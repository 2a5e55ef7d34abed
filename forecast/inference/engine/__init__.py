"""From a study to draws: the program, chains and their starts, a trace carried on."""
