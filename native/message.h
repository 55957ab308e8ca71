// One message of a SOCK_SEQPACKET socket: a letter, text, and descriptors (SCM_RIGHTS, unix(7)). keeper.c says what the
// letters mean.
#pragma once
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "fd.h"

namespace sentry {

struct Message {
  char letter = 0;  // 0: none came, and `error` says why: ECONNRESET, ETIMEDOUT …
  int error = 0;
  std::string text;
  std::vector<Fd> fds;
};

// A line of the text, and the descriptor that goes with it; -1 for none.
struct Labelled {
  std::string_view label;
  int fd = -1;
};

// Waits for as long as the socket allows (SO_RCVTIMEO).
Message receive(int socket);

// At most two labels. 0, or an errno. Allocates nothing; waits for as long as the socket allows (SO_SNDTIMEO).
int send(int socket, char letter, std::initializer_list<Labelled> lines) noexcept;

}  // namespace sentry
