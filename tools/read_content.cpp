#include <fstream>
#include <sstream>

#include "tools/game.h"

namespace dure {

Result<ContentFile> read_content(const std::string& content_dir, const std::string& name) {
  const std::string path = content_dir + "/" + name;
  std::ifstream in(path);
  std::ostringstream text;
  if (!in || !(text << in.rdbuf())) return fail(Trouble::kInvalid, path + ": cannot be read");
  return ContentFile{path, text.str()};
}

}  // namespace dure
