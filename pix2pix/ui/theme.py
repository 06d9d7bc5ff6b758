"""The look of the page, light and dark. System fonts only: the page works without any other server."""

import gradio as gr

PICTURE_HEIGHT = 500  # what gradio draws a picture to at most; a lower slider would cut the picture's foot off

THEME = gr.themes.Soft(
    primary_hue="indigo",
    neutral_hue="slate",
    radius_size="lg",
    font=["system-ui", "-apple-system", "Segoe UI", "sans-serif"],
    font_mono=["ui-monospace", "monospace"],
)

CSS = f"""
.gradio-container {{ max-width: 1280px !important; margin: 0 auto !important; }}
#title h1 {{ margin-bottom: 0; }}
#model {{ color: var(--body-text-color-subdued); }}
#model b {{ color: var(--body-text-color); }}
#model .html-container, #stage .html-container, #tokens .html-container {{ padding: 0; }}
#strip .grid-container {{ grid-template-columns: repeat(auto-fill, minmax(96px, 1fr)); }}
.stage {{ height: {PICTURE_HEIGHT}px; border-radius: var(--radius-lg); background: var(--block-background-fill);
  border: 1px dashed var(--border-color-primary);
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 12px; padding: 12px;
  box-sizing: border-box; text-align: center; color: var(--body-text-color-subdued); }}
.stage img {{ max-width: 100%; height: {PICTURE_HEIGHT - 76}px; object-fit: contain;
  border-radius: var(--radius-md); }}
.stage progress {{ width: 100%; height: 8px; appearance: none; border: none; border-radius: 4px; overflow: hidden;
  background: var(--border-color-primary); }}
.stage progress::-webkit-progress-bar {{ background: var(--border-color-primary); }}
.stage progress::-webkit-progress-value {{ background: var(--primary-500); }}
.stage progress::-moz-progress-bar {{ background: var(--primary-500); }}
#tokens {{ min-height: 1.4em; font-size: var(--text-sm); color: var(--body-text-color-subdued); }}
#tokens .over {{ color: #dc2626; }}
.dark #tokens .over {{ color: #f87171; }}
"""
