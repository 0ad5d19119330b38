// Files of before seals, and how a file is put into the place of another. A sealed copy is made beside the old file and
// renamed over it: a crash leaves the one or the other. Plain functions; SqlTrouble where it is not a Result.
#pragma once
#include <string>

#include "dbagent/store/statement.h"

namespace dure::store {

// The file of a store that nobody has open becomes one with seals; one that has them stays. As long as a VACUUM of it
// takes, and as much room as it has. kIo: it is as it was.
[[nodiscard]] Result<> seal_file(const std::string& path, const std::string& vfs);
// All that `from` holds, into a new file.
void copy_with_seals(Database& from, const std::string& path);

// What becomes the file at `path` is written here first.
std::string part_of(const std::string& path);
// False: it could not be renamed, or its name is not durable.
[[nodiscard]] bool rename_part(const std::string& path);
// Makes the name of a file in its folder as durable as the file.
[[nodiscard]] bool sync_folder(const std::string& path);
void remove_database(const std::string& path);
// Of a file that holds all by itself: its log, index and journal.
void remove_logs(const std::string& path);

}  // namespace dure::store
