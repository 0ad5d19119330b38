// What a process that ends badly says: for tests of crashes. The caller has no other thread.
#pragma once
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <string>

#include "common/host/signals.h"

namespace dure {

// Runs `life` in a process of its own, and waits until all that it left behind has ended, too; what it wrote to
// standard error. `status` as waitpid tells it.
template <class Life>
std::string last_words(Life life, int* status) {
  int ends[2];
  EXPECT_EQ(pipe(ends), 0);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    install_crash_report();
    life();
    _exit(0);
  }
  close(ends[1]);
  std::string words;
  char some[4096];
  for (ssize_t size; (size = read(ends[0], some, sizeof some)) > 0;) words.append(some, static_cast<std::size_t>(size));
  close(ends[0]);
  EXPECT_EQ(waitpid(child, status, 0), child);
  return words;
}

}  // namespace dure
