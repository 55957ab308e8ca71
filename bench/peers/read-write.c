// The floor: what it costs to write down what a process prints, with nothing around it.
//   read-write FILE
// As much as a pipe holds by itself at a time, from stdin.
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

static bool put(int file, const char* bytes, size_t size) {
  while (size > 0) {
    const ssize_t taken = write(file, bytes, size);
    if (taken < 0) return false;
    bytes += taken;
    size -= taken;
  }
  return true;
}

int main(int argc, char** argv) {
  static char bytes[65536];
  const int file = argc == 2 ? open(argv[1], O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
  if (file < 0) {
    perror("read-write");
    return 1;
  }
  for (ssize_t size; (size = read(STDIN_FILENO, bytes, sizeof bytes)) > 0;) {
    if (!put(file, bytes, size)) return 1;
  }
}
