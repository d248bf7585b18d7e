# Run in a container of the server's image by `codelab-gen doctor`, with the folder of the data. It looks, and changes
# nothing: which versions have data there, which files are missing without which none starts, and whose the folders are.
below=''
for data in "$0" "$0"/*/docker; do
  if [ -s "$data/PG_VERSION" ]; then
    echo "version $(head -n 1 "$data/PG_VERSION")"
    for file in global/pg_control global/pg_filenode.map base/1/PG_VERSION pg_xact; do
      [ -e "$data/$file" ] || echo "missing $file"
    done
  elif [ -e "$data/global" ] || [ -e "$data/base" ]; then
    echo 'version'
    echo 'missing PG_VERSION'
  fi
done
for folder in "$0"/*/docker "$0" "$1"; do
  # what is above the data of a version is not for the server to write to
  [ "$folder" != "$0" ] || [ -z "$below" ] || continue
  [ ! -d "$folder" ] || echo "owner $(ls -ldn "$folder")"
  [ ! -d "$folder" ] || below=yes
done
echo "free $(df -Pk "$0" | awk 'NR == 2 { print $4 }')"
