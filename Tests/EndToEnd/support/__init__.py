"""What the end-to-end tests share: the server as a process, a scripted upstream, viewers and raw sockets."""
