#include "common/host/journal_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace dure {

Result<std::unique_ptr<JournalFile>> JournalFile::create(const std::string& folder, const JournalStart& start,
                                                         EventLog& log) {
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (error) return fail(Trouble::kIo, folder + ": " + error.message());
  std::string name = start.node;
  std::replace(name.begin(), name.end(), '/', '-');
  const std::string path = folder + "/" + name + "-" + to_text(start.incarnation) + ".journal";
  // It holds what clients sent, their passwords among it.
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_APPEND, 0600);
  if (file < 0) return fail(Trouble::kIo, path + ": " + std::strerror(errno));
  std::unique_ptr<JournalFile> journal(new JournalFile(path, file, log));
  journal->buffer_ = journal_head();
  append(start, &journal->buffer_);
  journal->write();
  return journal;
}

JournalFile::JournalFile(std::string path, int file, EventLog& log) : path_(std::move(path)), file_(file), log_(log) {}

JournalFile::~JournalFile() {
  write();
  if (file_ >= 0) ::close(file_);
}

void JournalFile::turn_begins(const JournalTurn& turn, const std::vector<Inbound>& inputs) {
  append(turn, inputs, &buffer_);
  write();
}

void JournalFile::drawn(std::string_view bytes) {
  append(JournalDrawn{std::string(bytes)}, &buffer_);
  write();
}

void JournalFile::turn_ended(const std::vector<Outbound>& effects) { append(digest_of(effects), &buffer_); }

void JournalFile::write() {
  std::string_view rest = buffer_;
  while (file_ >= 0 && !rest.empty()) {
    const ssize_t count = ::write(file_, rest.data(), rest.size());
    if (count >= 0) {
      rest.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      log_.event(LogLevel::kError, "journal.ended", {{"path", path_}, {"why", std::strerror(errno)}});
      ::close(std::exchange(file_, -1));
    }
  }
  buffer_.clear();
}

}  // namespace dure
