// Whatever the bytes, next_event() stays within them and comes to an end.
#include <cstdlib>

#include "../proc_event.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  std::span<const std::byte> rest{reinterpret_cast<const std::byte*>(bytes), size};
  for (size_t left = rest.size(); sentry::next_event(rest); left = rest.size()) {
    if (rest.size() >= left) std::abort();  // an event took no bytes
  }
  if (!rest.empty()) std::abort();  // bytes were left over
  return 0;
}
