"""What to paste into a program, a terminal, or the settings of an assistant."""

ADDRESS = "http://127.0.0.1:7860"  # until the page is open and knows its own

PYTHON = """from pix2pix import Editor, EditRequest, save_result

editor = Editor.load("auto")
result = editor.edit("photo.jpg", EditRequest("make it night", seed=7))
save_result(result, "night.png")
"""

CLIENT = f"""from gradio_client import Client, handle_file

client = Client("{ADDRESS}")
picture, settings = client.predict(handle_file("photo.jpg"), "make it night", seed=7, api_name="/edit")
print(picture, settings)
"""
CLIENT_GALLERY = f"""from gradio_client import Client, handle_file

client = Client("{ADDRESS}")
photos = [handle_file("photo.jpg"), handle_file("other.jpg")]
archive, outcomes = client.predict(photos, "make it night", seed=7, api_name="/edit_gallery")
print(archive, outcomes)
"""

_UPLOAD = f"""curl -s {ADDRESS}/gradio_api/upload -F files=@"""
_CALL = f"""curl -s {ADDRESS}/gradio_api/call/v2/"""
_LISTEN = f"""curl -sN {ADDRESS}/gradio_api/call/"""
CURL = f"""PHOTO=$({_UPLOAD}photo.jpg | tr -d '[]')
JOB=$({_CALL}edit -H 'Content-Type: application/json' \\
  -d "{{\\"photo\\": $PHOTO, \\"instruction\\": \\"make it night\\", \\"seed\\": 7}}" | cut -d '"' -f 4)
{_LISTEN}edit/$JOB
"""
CURL_GALLERY = f"""PHOTOS=$({_UPLOAD}photo.jpg -F files=@other.jpg)
JOB=$({_CALL}edit_gallery -H 'Content-Type: application/json' \\
  -d "{{\\"photos\\": $PHOTOS, \\"instruction\\": \\"make it night\\", \\"seed\\": 7}}" | cut -d '"' -f 4)
{_LISTEN}edit_gallery/$JOB
"""

MCP = f"""{{
  "mcpServers": {{
    "instruct-pix2pix": {{
      "url": "{ADDRESS}/gradio_api/mcp/"
    }},
    "files-for-instruct-pix2pix": {{
      "command": "uvx",
      "args": ["--from", "gradio[mcp]", "gradio", "upload-mcp", "{ADDRESS}", "/a/folder/with/photos"]
    }}
  }}
}}
"""
