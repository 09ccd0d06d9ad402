# The command-line client of the control socket.
