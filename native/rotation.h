// The files that a bounded log was before: FILE.1 is the newest, FILE.KEEP the oldest; each may be there as .gz. They
// are moved by rename(2) alone, from the oldest on and FILE last, so that a SIGKILL between two of these leaves a gap
// in the numbers, which the next rotation closes, and loses nothing. Belongs to the output thread, as the file does.
//
// The folder may be somebody else's, and hold other files: no link is followed, and no other name is touched.
#pragma once
#include <optional>
#include <string>
#include <utility>

#include "fault.h"
#include "fd.h"

namespace sentry {

class Rotation {
 public:
  Rotation(std::string path, int keep) : path_(std::move(path)), keep_(keep) {}

  // FILE becomes FILE.1, and so on up to the first gap; the oldest goes where there is none. With `keep` 0 FILE is
  // removed. After a fault FILE is where it was.
  std::optional<Fault> rotate() const;
  // `packed` takes the place of the rotated file that is open there, with that one's times, or is removed where that is
  // gone, or has grown since. It must be on the disk by then (fsync(2)): the rotated file is removed.
  void pack(const Fd& original, const std::string& packed) const;

 private:
  struct Numbered;
  void remove_surplus() const;
  std::optional<Fault> make_room() const;
  bool take_place(const Fd& original, const std::string& packed) const;

  std::string path_;
  int keep_;
};

}  // namespace sentry
